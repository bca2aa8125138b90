bitlathe_test(analyze SOURCES ${CMAKE_CURRENT_LIST_DIR}/analyze_test.cpp USES bitlathe_analyze)
