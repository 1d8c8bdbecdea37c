# SPDX-License-Identifier: Apache-2.0
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${work}/prefix ${work}/outside)
run(${CMAKE_COMMAND} --install ${build} --prefix ${work}/prefix)
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/outside -B ${work}/outside -G ${generator}
  -DCMAKE_CXX_COMPILER=${compiler} -DCMAKE_PREFIX_PATH=${work}/prefix
  "-DCMAKE_EXE_LINKER_FLAGS=${linker_flags}"
  # What only this build needs, the package must not ask for.
  -DCMAKE_DISABLE_FIND_PACKAGE_fmt=ON -DPKG_CONFIG_EXECUTABLE=/bin/false)
run(${CMAKE_COMMAND} --build ${work}/outside)
run(${work}/outside/outside)
