// The API from other languages: examples/node-client and buf curl.
#include <chrono>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/e2e/fleet.h"

namespace lb::e2e {
namespace {

using nlohmann::json;

// Of a whole run of the client's tests, on a machine that is busy.
constexpr std::chrono::seconds kRunLimit{300};

// All that it prints goes to the test's own output if it fails.
Ended EndOf(const std::vector<std::string>& argv,
            const std::map<std::string, std::string>& environment = {}) {
  const auto process = Process::Start(argv, environment);
  EXPECT_TRUE(process.ok()) << process.status();
  if (!process.ok()) return {};
  const auto ended = (*process)->Wait(kRunLimit);
  EXPECT_TRUE(ended.ok()) << ended.status() << "\n"
                          << (*process)->out() << (*process)->err();
  return ended.ok() ? *ended : Ended();
}

class ClientsTest : public testing::Test {
 protected:
  // Nothing is planned that the client does not ask for.
  void StartController(Flags flags) {
    std::ofstream(fleet_.File("off.yaml")) << "mode: off\n"
                                              "report_interval_ms: 250\n"
                                              "half_life_ms: 750\n"
                                              "warm_up_ms: 1500\n";
    flags.insert({"--policy", fleet_.File("off.yaml")});
    fleet_.StartController(flags);
  }

  // The API matters here, not the load: what there is is skewed, and light.
  std::unique_ptr<Process> StartAgent(const std::string& host,
                                      const std::string& zone) {
    return fleet_.StartAgent(
        host,
        {{"--label", "zone=" + zone},
         {"--source", "generate:seed=1,connections=300,zipf=0.9,rate=400"}});
  }

  std::string Certificates() {
    const std::string certs = fleet_.File("certs");
    const Ended made = EndOf({LB_SOURCE_DIR "/scripts/dev-certs", certs,
                              "--user", "alice:admin", "--user", "bob"});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    return certs;
  }

  Ended BufCurl(const std::string& socket, const std::string& method,
                const json& request, std::vector<std::string> schema) {
    std::vector<std::string> argv = {LB_SOURCE_DIR "/scripts/buf",
                                     "curl",
                                     "--protocol",
                                     "grpc",
                                     "--http2-prior-knowledge",
                                     "--unix-socket",
                                     fleet_.File("run/" + socket + ".sock"),
                                     "--data",
                                     request.dump(),
                                     "http://localhost/lb.v1." + method};
    argv.insert(argv.begin() + 2, schema.begin(), schema.end());
    return EndOf(argv);
  }

  // The answer, by the proto files; null, and a failure, if it is an error.
  json Ask(const std::string& socket, const std::string& method,
           const json& request) {
    const Ended ended = BufCurl(socket, method, request, kBySchema);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return json::parse(ended.out, nullptr, false);
  }

  const std::vector<std::string> kBySchema = {"--schema",
                                              LB_SOURCE_DIR "/proto"};
  Fleet fleet_;
};

TEST_F(ClientsTest, NodeDoesWhatAnOrchestratorDoes) {
  const std::string certs = Certificates();
  StartController({{"--tls-address", "127.0.0.1:0"},
                   {"--tls-cert", certs + "/controller.crt"},
                   {"--tls-key", certs + "/controller.key"},
                   {"--tls-ca", certs + "/ca.crt"},
                   {"--tls-trust-domain", "lb.example.com"},
                   {"--tls-roles", certs + "/roles.yaml"}});
  ASSERT_FALSE(HasFailure());
  const auto agent_a = StartAgent("host-a", "a");
  const auto agent_b = StartAgent("host-b", "b");
  const Ended node =
      EndOf({"/usr/bin/env", "node", LB_NODE_CLIENT "/lb_client.test.js"},
            {{"LB_RUN_DIR", fleet_.File("run")},
             {"LB_CERTS", certs},
             {"LB_PROTOS", LB_SOURCE_DIR "/proto"}});
  EXPECT_EQ(node.exit_code, 0) << node.out << node.err;
}

TEST_F(ClientsTest, BufCurlReadsByProtoFilesAndByReflection) {
  StartController({});
  ASSERT_FALSE(HasFailure());
  const auto agent = StartAgent("host-a", "a");
  fleet_.WaitForEvent([](const json& event) {
    return event.value("kind", "") == "HOST_CONNECTED";
  });
  const json by_files = Ask("viewer", "HostService/ListHosts", json::object());
  ASSERT_EQ(by_files["hosts"].size(), 1u) << by_files;
  EXPECT_EQ(by_files["hosts"][0]["name"], "hosts/host-a");
  const Ended reflected =
      BufCurl("viewer", "HostService/ListHosts", json::object(), {});
  EXPECT_EQ(reflected.exit_code, 0) << reflected.err;
  EXPECT_EQ(json::parse(reflected.out, nullptr, false)["hosts"].size(), 1u);
}

TEST_F(ClientsTest, BufCurlChecksAChangeAndReadsARefusal) {
  StartController({});
  ASSERT_FALSE(HasFailure());
  const json change = {{"name", "policies/default"},
                       {"policy", {{"trigger_permille", 1500}}},
                       {"validate_only", true}};
  const json checked = Ask("admin", "PolicyService/UpdatePolicy", change);
  EXPECT_EQ(checked["policy"]["triggerPermille"], 1500) << checked;
  EXPECT_EQ(checked["policy"]["etag"], "r1") << checked;

  const Ended refused =
      BufCurl("viewer", "PolicyService/UpdatePolicy", change, kBySchema);
  EXPECT_NE(refused.exit_code, 0);
  const json error = json::parse(refused.err, nullptr, false);
  EXPECT_EQ(error["code"], "permission_denied") << refused.err;
  EXPECT_EQ(error["details"][0]["type"], "google.rpc.ErrorInfo") << refused.err;
}

}  // namespace
}  // namespace lb::e2e
