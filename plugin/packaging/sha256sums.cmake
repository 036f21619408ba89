# Writes OUT: "<sha256>  <name>" for every file in IN, sorted, as sha256sum -c reads it.
file(GLOB files RELATIVE ${IN} ${IN}/*.zip ${IN}/*_manifest.json)
list(SORT files)
set(text "")
foreach(f IN LISTS files)
  file(SHA256 ${IN}/${f} sum)
  string(APPEND text "${sum}  ${f}\n")
endforeach()
file(WRITE ${OUT} "${text}")
