lb_test(parser_test SOURCES parser_test.cc DEPS lb::flow)
