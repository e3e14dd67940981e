# Installs the data plane, builds examples/own-handler against it in a folder of
# its own, and compares what it says of a capture with what tshark counts there
# (udp.port == 53, dns.flags.response). Run as a script:
#   cmake -D build=DIR -D source=DIR -D work=DIR -D compiler=CXX
#     -D generator=NAME -D expected=LINE -P this
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result
    OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN} failed (${result}):\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${work})
run(${CMAKE_COMMAND} --install ${build} --prefix ${work}/prefix
  --component dataplane)
# The example must not find what is missing in the project's own folders.
file(COPY ${source}/examples/own-handler DESTINATION ${work})
run(${CMAKE_COMMAND} -G ${generator} -S ${work}/own-handler -B ${work}/build
  -D CMAKE_PREFIX_PATH=${work}/prefix -D CMAKE_CXX_COMPILER=${compiler}
  -D CMAKE_CXX_FLAGS=-O0)
run(${CMAKE_COMMAND} --build ${work}/build)
run(${work}/build/dns-watch ${source}/tests/data/mixed.pcap)
if(NOT output STREQUAL "${expected}\n")
  message(FATAL_ERROR "dns-watch said: ${output}not: ${expected}")
endif()
file(REMOVE_RECURSE ${work})
