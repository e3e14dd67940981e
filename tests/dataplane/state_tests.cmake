# What a processor keeps of connections.
lb_test(connection_state_test
  SOURCES bucket_due_queue_test.cc bucket_test.cc connection_pool_test.cc
    connection_ring_test.cc
    connection_table_test.cc fair_queue_property_test.cc
    fair_queue_test.cc million_connections_test.cc packet_list_test.cc timing_wheel_test.cc
  DEPS lb::connections
  TOGETHER 5)
