lb_test(parser_test SOURCES parser_test.cc DEPS lb::flow)
lb_test(flow_hash_test
  SOURCES flow_hash_test.cc siphash_test.cc toeplitz_test.cc DEPS lb::flow)
