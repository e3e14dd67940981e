lb_fuzz(agent_stream_fuzz agent_stream_fuzz.cc agent_stream
  lb::controller_convert lb::controller_test_support)
