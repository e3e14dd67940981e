lb_fuzz(plan_fuzz plan_fuzz.cc plan
  lb::balance lb::cli_commands lb::controller_core)
lb_fuzz(plan_record_fuzz plan_record_fuzz.cc plan_record lb::agent_core)
