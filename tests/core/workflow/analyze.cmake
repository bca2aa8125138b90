set(analyze_tests analyze_test.cpp duel_test.cpp layer_measure_test.cpp value_patch_test.cpp)
list(TRANSFORM analyze_tests PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
bitlathe_test(analyze SOURCES ${analyze_tests} USES bitlathe_analyze)
bitlathe_test(bench_passes SOURCES ${CMAKE_CURRENT_LIST_DIR}/bench_pass_case_test.cpp USES bitlathe_bench_passes)
