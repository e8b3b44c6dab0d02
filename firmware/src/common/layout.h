// Where things live in physical memory. The ROM's three programs are copied here at power-up; the linker
// scripts and rom.asm use the same addresses.
#pragma once

#define SHARED_BLOCK 0x500   // struct shared, above the interrupt vectors and the BIOS data area
#define REAL_PROGRAM 0x1000  // 16-bit code, all within segment 0
#define REAL_STACK 0xf000
#define PROT_PROGRAM 0x10000 // 32-bit code
#define PROT_STACK 0x2f000
#define LONG_PROGRAM 0x30000 // 64-bit code
#define LONG_STACK 0x6f000
#define LONG_PML4 0x70000    // PML4, PDPT, then four page directories: 4 GiB in 2 MiB pages
#define LONG_TRAP_STACK 0x80000 // where ring 3 enters ring 0; below it: the page tables end at 76000h
#define LONG_IST_STACK 0x88000
#define USER_STACK 0x9f000
#define TEST_TABLES 0x100000 // page tables of the paging tests: 64 KiB; with the pages, those of the bench command
#define TEST_PAGES 0x110000  // pages they map: 64 KiB
#define BENCH_MEMORY 0x800000
#define BENCH_MEMORY_SIZE 0x800000
