// Plain integer types. The same sources are compiled for real mode (-m16), protected mode (-m32),
// long mode (-m64) and, for the reference checksums, for the host.
#pragma once
#include <stddef.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;
typedef unsigned long reg_t; // one general register: 4 bytes below long mode, 8 in it

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
