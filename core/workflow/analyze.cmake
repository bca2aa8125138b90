# The analysis of layers needs no engine and no formats: a library of its own, so that what shows reports
# builds without them.
set(analyze_sources
  analyze.cpp
  duel.cpp
  duel_formats.cpp
  layer_facts.cpp
  layer_measure.cpp
  layer_report_exact.cpp
  layer_report_preview.cpp
  layer_tile_codec.cpp
  layer_tile_pass.cpp
  report_cache.cpp
  value_patch.cpp
  weight_part.cpp
  weight_point.cpp
  weight_sample.cpp
  weight_source.cpp
)
list(TRANSFORM analyze_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
bitlathe_room(analyze SOURCES ${analyze_sources} USES bitlathe_metrics bitlathe_quant bitlathe_kernels bitlathe_model bitlathe_base)
# Loops over columns, which the compiler should keep in vector registers.
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/layer_facts.cpp PROPERTIES COMPILE_OPTIONS -O3)
