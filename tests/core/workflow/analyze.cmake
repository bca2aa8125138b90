bitlathe_test(analyze SOURCES ${CMAKE_CURRENT_LIST_DIR}/analyze_test.cpp ${CMAKE_CURRENT_LIST_DIR}/layer_measure_test.cpp ${CMAKE_CURRENT_LIST_DIR}/value_patch_test.cpp USES bitlathe_analyze)
