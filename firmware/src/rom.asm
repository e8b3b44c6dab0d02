; The ROM image: three programs, the code that copies them to RAM, and the reset vector in the last 16 bytes.
; Mapped so that it ends at 4 GiB and, as on any PC, at 1 MiB. REAL_FILE, PROT_FILE and LONG_FILE are given by build.sh.
bits 16

IMAGE_SIZE equ 0x20000
IMAGE_BASE equ 0x100000 - IMAGE_SIZE
CODE_OFFSET equ IMAGE_SIZE - 0x100
SEGMENT_F000 equ 0x10000 - (0x100000 - IMAGE_BASE) ; image offset + this = offset in segment F000

REAL_PROGRAM equ 0x1000 ; as in common/layout.h
PROT_PROGRAM equ 0x10000
LONG_PROGRAM equ 0x30000

org 0

%macro PROGRAM 2 ; name, file
  %1_offset equ $ - $$
  incbin %2
  align 16, db 0
  %1_size equ $ - $$ - %1_offset
%endmacro

PROGRAM real_program, REAL_FILE
PROGRAM prot_program, PROT_FILE
PROGRAM long_program, LONG_FILE

%if $ - $$ > CODE_OFFSET
  %error "the three programs do not fit"
%endif
times CODE_OFFSET - ($ - $$) db 0xff

start:
  cli
  cld
  mov bx, programs + SEGMENT_F000
.program:
  mov ax, [cs:bx] ; paragraph in the ROM
  mov ds, ax
  mov ax, [cs:bx + 2] ; paragraph in RAM
  mov es, ax
  mov dx, [cs:bx + 4] ; paragraphs to copy, 0 at the end
  test dx, dx
  jz .run
.paragraphs: ; at most 32 KiB at a time, so that no offset wraps
  mov ax, 0x800
  cmp dx, ax
  ja .copy
  mov ax, dx
.copy:
  sub dx, ax
  mov cx, ax
  shl cx, 2
  xor si, si
  xor di, di
  rep movsd
  mov cx, ds
  add cx, ax
  mov ds, cx
  mov cx, es
  add cx, ax
  mov es, cx
  test dx, dx
  jnz .paragraphs
  add bx, 6
  jmp .program
.run:
  jmp 0:REAL_PROGRAM

%macro ENTRY 2
  dw (IMAGE_BASE + %1_offset) >> 4, %2 >> 4, %1_size >> 4
%endmacro

programs:
  ENTRY real_program, REAL_PROGRAM
  ENTRY prot_program, PROT_PROGRAM
  ENTRY long_program, LONG_PROGRAM
  dw 0, 0, 0

times IMAGE_SIZE - 16 - ($ - $$) db 0xff
reset_vector:
  jmp 0xf000:start + SEGMENT_F000
  db 'emu ROM'
  times IMAGE_SIZE - ($ - $$) db 0
