# Rings, threads and moves. All run under ThreadSanitizer.
lb_test(engine_parts_test
  SOURCES bucket_store_test.cc capacity_meter_test.cc deal_test.cc
    heavy_list_test.cc output_thread_test.cc packet_pool_test.cc processor_ledger_test.cc
    published_table_test.cc spsc_ring_test.cc stall_watch_test.cc
    utilization_sampler_test.cc waiter_test.cc
  DEPS lb::engine lb::test_support
  TOGETHER 6
  LABELS concurrent)

lb_test(engine_test
  SOURCES engine_test.cc engine_moves_test.cc full_queue_test.cc
    loaded_moves_test.cc
  DEPS lb::engine lb::test_support
  LABELS concurrent TIMEOUT 300)

lb_test(engine_flows_test
  SOURCES engine_flows_test.cc
  DEPS lb::engine lb::test_support
  LABELS concurrent TIMEOUT 300)

lb_test(takeover_test
  SOURCES takeover_test.cc
  DEPS lb::engine lb::test_support
  LABELS concurrent TIMEOUT 300)

lb_test(moves_long_test
  SOURCES moves_long_test.cc
  DEPS lb::engine lb::test_support
  LABELS concurrent long TIMEOUT 3600)

lb_test(handler_test
  SOURCES engine_output_test.cc handler_timers_test.cc
  DEPS lb::engine lb::test_support
  LABELS concurrent)
