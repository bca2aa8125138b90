# What bench --passes measures: formats and kernels, without the engine.
set(pass_sources bench_pass_case.cpp bench_passes.cpp)
list(TRANSFORM pass_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
bitlathe_room(bench_passes SOURCES ${pass_sources} USES bitlathe_analyze bitlathe_quant bitlathe_kernels bitlathe_base)
