# cmake -DIN=file -DOUT=file.c -DNAME=symbol -P embed.cmake: a file as a C array.
file(READ ${IN} hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "((0x..,){16})" "\\1\n" bytes "${bytes}")
file(WRITE ${OUT}
  "#include \"zr_descriptors.h\"\n\nconst unsigned char ${NAME}[] = {\n${bytes}\n};\nconst unsigned long ${NAME}_len = sizeof ${NAME};\n")
