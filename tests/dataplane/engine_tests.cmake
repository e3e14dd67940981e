# Rings, threads and moves. All run under ThreadSanitizer.
lb_test(engine_parts_test
  SOURCES capacity_meter_test.cc output_thread_test.cc packet_pool_test.cc
    published_table_test.cc spsc_ring_test.cc utilization_sampler_test.cc waiter_test.cc
  DEPS lb::engine lb::test_support
  LABELS concurrent)

lb_test(engine_test
  SOURCES engine_test.cc engine_moves_test.cc
  DEPS lb::engine lb::test_support
  LABELS concurrent)

lb_test(handler_test
  SOURCES engine_output_test.cc handler_timers_test.cc
  DEPS lb::engine lb::test_support
  LABELS concurrent)
