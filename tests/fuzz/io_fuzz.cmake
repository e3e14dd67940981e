lb_fuzz(parser_fuzz parser_fuzz.cc parser lb::packet_io)
