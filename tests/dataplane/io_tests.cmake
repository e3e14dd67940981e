lb_test(reflect_test SOURCES reflect_test.cc DEPS lb::flow)
lb_test(parser_test SOURCES packet_key_test.cc parser_test.cc DEPS lb::flow)
lb_test(flow_hash_test
  SOURCES flow_hash_test.cc siphash_test.cc toeplitz_test.cc DEPS lb::flow)
lb_test(pcap_source_test
  SOURCES client_address_test.cc pcap_source_test.cc
  DEPS lb::packet_io lb::test_support)
lb_test(traffic_generator_test SOURCES traffic_generator_test.cc
  DEPS lb::packet_io lb::test_support)
lb_test(open_source_test SOURCES open_source_test.cc DEPS lb::packet_io)
lb_test(interface_source_test SOURCES interface_source_test.cc
  DEPS lb::packet_io)
lb_test(mixed_capture_test SOURCES mixed_capture_test.cc DEPS lb::packet_io)
lb_test(sink_test SOURCES sink_test.cc
  DEPS lb::packet_io lb::test_support)
lb_test(reflect_clients_test SOURCES reflect_clients_test.cc
  DEPS lb::dataplane)
