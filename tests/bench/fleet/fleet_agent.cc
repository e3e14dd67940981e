#include "tests/bench/fleet/fleet_agent.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/client_callback.h>

#include <algorithm>
#include <condition_variable>
#include <utility>

#include "google/protobuf/wire_format_lite.h"

namespace lb::bench {
namespace {

constexpr std::uint64_t kLoad = 8'000'000'000;  // ns per second, of all buckets
constexpr std::uint64_t kSkew = 3;
constexpr double kSkewOfFew = 0.4;
constexpr std::chrono::milliseconds kFirstBackoff{500};
constexpr std::chrono::milliseconds kLongestBackoff{10'000};

std::shared_ptr<grpc::Channel> NewChannel(const std::string& host,
                                          const FleetOptions& options) {
  grpc::ChannelArguments arguments;
  // A connection of its own, as every agent has.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  return grpc::CreateCustomChannel(
      options.target, options.certificates->OfAgent(host), arguments);
}

std::uint64_t NextRandom(std::uint64_t& state) {  // SplitMix64
  std::uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

template <class Message>
grpc::ByteBuffer BytesOf(const Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

// A ConnectRequest with a report in two parts, the second of them serialized.
grpc::ByteBuffer ReportOf(const v1::Report& first, const grpc::Slice& second) {
  using google::protobuf::internal::WireFormatLite;
  using google::protobuf::io::CodedOutputStream;
  const std::string text = first.SerializeAsString();
  std::string head;
  {
    google::protobuf::io::StringOutputStream out(&head);
    CodedOutputStream coded(&out);
    coded.WriteTag(
        WireFormatLite::MakeTag(v1::ConnectRequest::kReportFieldNumber,
                                WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
    coded.WriteVarint64(text.size() + second.size());
    coded.WriteString(text);
  }
  const grpc::Slice parts[] = {grpc::Slice(head), second};
  return grpc::ByteBuffer(parts, 2);
}

}  // namespace

// One connection and its one stream; deletes nothing of the agent's.
class FleetAgent::Stream final
    : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Stream(FleetAgent& agent, const FleetOptions& options)
      : agent_(agent), stub_(NewChannel(agent.host_, options)) {
    stub_.PrepareBidiStreamingCall(&context_, "/lb.v1.AgentService/Connect", {},
                                   this);
  }

  void Start() {
    StartRead(&incoming_);
    StartCall();
  }
  void Cancel() { context_.TryCancel(); }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(agent_.mutex_);
    agent_.writing_ = false;
    if (!ok) return;
    if (agent_.options_.saturate && agent_.welcome_) agent_.report_due_ = true;
    agent_.WriteNext();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    v1::ConnectResponse response;
    if (!grpc::SerializationTraits<v1::ConnectResponse>::Deserialize(&incoming_,
                                                                     &response)
             .ok()) {
      context_.TryCancel();
      return;
    }
    if (response.has_welcome()) agent_.OnWelcome(response.welcome());
    if (response.has_plan()) agent_.OnPlan(response.plan());
    if (response.has_plan_result_ack()) ++agent_.statistics_.acknowledged;
    StartRead(&incoming_);
  }

  void OnDone(const grpc::Status&) override { agent_.OnDown(); }

 private:
  FleetAgent& agent_;
  grpc::ClientContext context_;
  grpc::GenericStub stub_;
  grpc::ByteBuffer incoming_;
};

FleetAgent::FleetAgent(std::string host, std::uint64_t number,
                       const FleetOptions& options, FleetStatistics& statistics)
    : host_(std::move(host)),
      options_(options),
      statistics_(statistics),
      hot_(static_cast<std::uint32_t>(number % options.processors)),
      random_(number) {
  layout_.buckets = options.buckets;
  layout_.key_id = "fleet";
  for (std::uint32_t i = 0; i < options.processors; ++i) {
    layout_.processors.push_back({.cpu = i, .capacity_permille = 1'000});
  }
  table_ = DealRoundRobin(layout_);
  loads_.assign(options.buckets, kLoad / options.buckets);
}

FleetAgent::~FleetAgent() = default;

grpc::ByteBuffer FleetAgent::MakeHello() const {
  v1::ConnectRequest request;
  v1::Hello& hello = *request.mutable_hello();
  hello.set_host(host_);
  hello.set_instance_id(host_ + "-1");
  hello.set_boot_id("boot");
  hello.set_software_version("fleet");
  hello.set_protocol_revision(1);
  v1::Layout& layout = *hello.mutable_layout();
  layout.set_buckets(layout_.buckets);
  layout.set_hash(static_cast<v1::HashKind>(layout_.hash));
  layout.set_key_id(layout_.key_id);
  for (const ProcessorLayout& processor : layout_.processors) {
    v1::ProcessorLayout& message = *layout.add_processors();
    message.set_cpu(processor.cpu);
    message.set_capacity_permille(processor.capacity_permille);
  }
  v1::Table& table = *hello.mutable_table();
  table.set_hash(static_cast<v1::HashKind>(table_.hash));
  table.set_key_id(table_.key_id);
  for (const ProcessorId owner : table_.owner) table.add_owner(owner.value());
  table.set_digest(ComputeDigest(table_).value());
  hello.set_seen_term(seen_term_);
  hello.set_seen_epoch(seen_epoch_);
  hello.set_store_id(store_id_);
  return BytesOf(request);
}

void FleetAgent::Connect(Now now) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  ended_.reset();
  stream_ = std::make_unique<Stream>(*this, options_);
  welcome_ = report_due_ = false;
  sequence_ = 0;
  answers_.clear();
  being_written_ = MakeHello();
  writing_ = true;
  stream_->StartWrite(&being_written_);
  stream_->Start();
  // Not all at the same moment.
  next_report_ = now + options_.interval *
                           static_cast<int>(NextRandom(random_) % 1'000) /
                           1'000;
}

Now FleetAgent::Tick(Now now) {
  bool down = false;
  {
    const std::lock_guard lock(mutex_);
    down = stream_ == nullptr;
    if (down && now < next_attempt_) return next_attempt_;
  }
  if (down) {
    Connect(now);
    return next_report_;
  }
  const std::lock_guard lock(mutex_);
  if (options_.skew_period.count() != 0 && now >= next_skew_) {
    // The first one after a part of the period that is the host's own.
    std::chrono::milliseconds wait = options_.skew_period;
    if (next_skew_ == Now()) {
      wait = wait * static_cast<int>(NextRandom(random_) % 1'000) / 1'000;
    } else {
      Skew();
    }
    next_skew_ = now + wait;
  }
  if (now < next_report_ || options_.saturate) {
    next_report_ = std::max(next_report_, now + options_.interval / 2);
    return next_report_;
  }
  next_report_ = std::max(next_report_ + options_.interval, now);
  if (!welcome_) return next_report_;
  if (report_due_) {
    ++statistics_.thinned;
  } else {
    report_due_ = true;
    WriteNext();
  }
  return next_report_;
}

void FleetAgent::Skew() {
  hot_ = (hot_ + 1) % options_.processors;
  std::fill(loads_.begin(), loads_.end(), kLoad / options_.buckets);
  const std::uint32_t few = options_.skewed_buckets;
  const auto more = static_cast<std::uint64_t>(
      kSkewOfFew * kLoad / options_.processors / std::max(few, 1U));
  std::uint32_t skewed = 0;
  for (std::uint32_t b = 0; b < options_.buckets; ++b) {
    if (table_.owner[b].value() != hot_) continue;
    if (few == 0) {
      loads_[b] *= kSkew;
    } else if (b % options_.processors == hot_ && skewed < few) {
      // None that a plan has brought: the table before it would have been
      // better then, and plans that go wrong halt the fleet.
      loads_[b] += more;
      ++skewed;
    }
  }
  measured_.reset();
}

grpc::Slice FleetAgent::Measured() const {
  v1::Report report;
  const double seconds =
      std::chrono::duration<double>(options_.interval).count();
  std::vector<std::uint64_t> busy(options_.processors, 0);
  v1::BucketLoads& buckets = *report.mutable_buckets();
  for (std::uint32_t b = 0; b < options_.buckets; ++b) {
    busy[table_.owner[b].index()] += loads_[b];
    buckets.add_bucket(b);
    buckets.add_load_ns_per_s(loads_[b]);
    buckets.add_packets(loads_[b] / 1'000);
    buckets.add_connections(100 + b % 100);
  }
  for (std::uint32_t i = 0; i < options_.processors; ++i) {
    v1::ProcessorLoad& processor = *report.add_processors();
    const double cpus = std::min(1.0, static_cast<double>(busy[i]) / 1e9);
    processor.set_capacity_permille(1'000);
    processor.set_busy_ns(static_cast<std::uint64_t>(cpus * seconds * 1e9));
    processor.set_sample_count(static_cast<std::uint64_t>(seconds * 100));
    processor.set_sample_mean(cpus);
    processor.set_sample_standard_deviation(0.01);
    processor.set_in_service(true);
    processor.set_packets(busy[i] / 1'000);
  }
  const std::uint64_t digest = ComputeDigest(table_).value();
  report.set_digest_start(digest);
  report.set_digest_end(digest);
  return grpc::Slice(report.SerializeAsString());
}

void FleetAgent::QueueReport(Now now) {
  const auto ns = [](Now time) {
    return static_cast<std::uint64_t>(
        std::chrono::nanoseconds(time.time_since_epoch()).count());
  };
  v1::Report report;
  report.set_sequence(++sequence_);
  report.set_start_ns(ns(now - options_.interval));
  report.set_end_ns(ns(now));
  report.set_term(seen_term_);
  report.set_epoch(seen_epoch_);
  if (!measured_) measured_ = Measured();
  being_written_ = ReportOf(report, *measured_);
  report_sent_ = now;
  if (sequence_ == 1) statistics_.report_bytes = being_written_.Length();
}

void FleetAgent::WriteNext() {
  if (writing_ || stream_ == nullptr) return;
  if (!answers_.empty()) {
    being_written_ = std::move(answers_.front());
    answers_.pop_front();
    writing_ = true;
    stream_->StartWrite(&being_written_);
  } else if (report_due_) {
    report_due_ = false;
    QueueReport(std::chrono::steady_clock::now());
    ++statistics_.reports;
    writing_ = true;
    stream_->StartWrite(&being_written_);
  }
}

void FleetAgent::OnWelcome(const v1::Welcome& welcome) {
  const std::lock_guard lock(mutex_);
  store_id_ = welcome.store_id();
  welcome_ = true;
  failures_ = 0;
  ++statistics_.welcomes;
  ++statistics_.connected;
  if (options_.saturate) report_due_ = true;
  WriteNext();
}

void FleetAgent::OnPlan(const v1::PlanCommand& plan) {
  const Now arrival = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  statistics_.AddPlanLatency(arrival - report_sent_);
  ++statistics_.plans;
  if (plan.term() < seen_term_ || plan.epoch() <= seen_epoch_) {
    ++statistics_.reused_epochs;
  }
  seen_term_ = plan.term();
  seen_epoch_ = plan.epoch();
  v1::ConnectRequest request;
  v1::PlanResult& result = *request.mutable_plan_result();
  result.set_term(plan.term());
  result.set_epoch(plan.epoch());
  result.set_state(v1::APPLY_STATE_APPLIED);
  for (std::uint32_t b = 0; b < options_.buckets; ++b) {
    const std::uint32_t to = plan.table().owner(static_cast<int>(b));
    if (table_.owner[b].value() == to) continue;
    v1::MoveResult& move = *result.add_moves();
    move.mutable_move()->set_bucket(b);
    move.mutable_move()->set_from(table_.owner[b].value());
    move.mutable_move()->set_to(to);
    move.set_outcome(v1::MOVE_OUTCOME_MOVED);
    move.set_pause_ns(200'000);
    table_.owner[b] = ProcessorId(static_cast<ProcessorId::rep>(to));
  }
  result.set_digest(ComputeDigest(table_).value());
  measured_.reset();
  statistics_.moves += static_cast<std::uint64_t>(result.moves_size());
  answers_.push_back(BytesOf(request));
  WriteNext();
}

void FleetAgent::OnDown() {
  const std::lock_guard lock(mutex_);
  if (welcome_) --statistics_.connected;
  ++statistics_.lost;
  welcome_ = writing_ = report_due_ = false;
  const auto limit = std::min(kLongestBackoff,
                              kFirstBackoff * (1 << std::min(failures_, 10U)));
  ++failures_;
  next_attempt_ = std::chrono::steady_clock::now() +
                  limit * static_cast<int>(NextRandom(random_) % 1'000) / 1'000;
  // The last channel must not end on a thread of gRPC's.
  ended_ = std::move(stream_);
  down_.notify_all();
}

void FleetAgent::Stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  if (stream_ != nullptr) stream_->Cancel();
}

void FleetAgent::WaitUntilDown() {
  std::unique_lock lock(mutex_);
  down_.wait(lock, [this] { return stream_ == nullptr; });
  ended_.reset();
}

}  // namespace lb::bench
