; Loading and using segments. Selectors as in kernel.h.
%include "trap-macros.inc"

TSS_MAIN equ 0x28
GATE_ABSENT equ 0x48
DATA_ABSENT equ 0x50
DATA_READ_ONLY equ 0x58
CODE_EXECUTE_ONLY equ 0x60
DATA_SMALL equ 0x68
DATA_DOWN equ 0x70
CODE16 equ 0x78
CODE_CONFORMING equ 0x88
CODE_ABSENT equ 0x90
DATA_PAGES equ 0x98
DATA0 equ 0x10
CODE0 equ 0x08
ABSENT_VECTOR equ 0x50 ; its gate is not present
PROT_PROGRAM equ 0x10000
TEST_PAGES equ 0x110000

section .text
%macro LOAD 5 ; name, vector, segment register, selector, error code
  TRAP %1, %2, %5, FAULT, 0, {mov eax, %4}, {mov %3, eax}
%endmacro

TRAPS segment_loads
  LOAD "absent data segment", NP, ds, DATA_ABSENT, DATA_ABSENT
  LOAD "absent stack segment", SS_, ss, DATA_ABSENT, DATA_ABSENT
  LOAD "read-only stack", GP, ss, DATA_READ_ONLY, DATA_READ_ONLY
  LOAD "stack selector of ring 3 in ring 0", GP, ss, DATA0 + 3, DATA0
  LOAD "code as stack", GP, ss, CODE0, CODE0
  LOAD "execute-only code as data", GP, es, CODE_EXECUTE_ONLY, CODE_EXECUTE_ONLY
  LOAD "TSS as data", GP, fs, TSS_MAIN, TSS_MAIN
  LOAD "selector of an LDT that is not there", GP, gs, 0x0c, 0x0c
  LOAD "selector past the GDT", GP, ds, 0x1238, 0x1238
  LOAD "null stack selector", GP, ss, 0, 0
  TRAP "access through a null selector", GP, 0, FAULT, NOT_QEMU, {xor eax, eax}, {mov es, eax}, {es mov al, [0]}
  TRAP "jump to data", GP, DATA0, FAULT, 0, {jmp DATA0:0}
  TRAP "jump to absent code", NP, CODE_ABSENT, FAULT, 0, {jmp CODE_ABSENT:0}
  TRAP "jump to a null selector", GP, 0, FAULT, 0, {jmp 0:0}
  TRAP "call through an absent gate", NP, GATE_ABSENT, FAULT, 0, {call GATE_ABSENT:0}
  TRAP "interrupt through an absent gate", NP, ABSENT_VECTOR * 8 + 2, FAULT, 0, {int ABSENT_VECTOR}
  TRAP "iret to data", GP, DATA0, FAULT, 0, {push dword 2}, {push dword DATA0}, {push dword 0}, {iretd}
  TRAP "ltr with a busy TSS", GP, TSS_MAIN, FAULT, 0, {mov eax, TSS_MAIN}, {ltr ax}
  TRAP "lldt with data", GP, DATA0, FAULT, 0, {mov eax, DATA0}, {lldt ax}
ENDTRAPS segment_loads

%define IN_ES(selector) {mov eax, selector}, {mov es, eax}, {xor edx, edx}

; Limits and types, checked at each access (SDM volume 3, 5.3 and 5.5). In ring 3: the handler needs a good stack.
TRAPS segment_limits
  TRAP "byte past the limit", GP, 0, FAULT, NOT_QEMU, IN_ES(DATA_SMALL), {es mov al, [edx + 0x100]}
  TRAP "word across the limit", GP, 0, FAULT, NOT_QEMU, IN_ES(DATA_SMALL), {es mov ax, [edx + 0xff]}
  TRAP "doubleword across the limit", GP, 0, FAULT, NOT_QEMU, IN_ES(DATA_SMALL), {es add [edx + 0xfd], eax}
  TRAP "wrapping doubleword", GP, 0, FAULT, NOT_QEMU, IN_ES(DATA_SMALL), {es mov eax, [edx - 2]}
  TRAP "string across the limit", GP, 0, FAULT, NOT_QEMU, IN_ES(DATA_SMALL), {mov edi, 0xfe}, {mov ecx, 4}, {rep stosb}
  TRAP "page-granular limit", GP, 0, FAULT, NOT_QEMU, IN_ES(DATA_PAGES), {es mov al, [edx + 0x2000]}
  TRAP "expand-down, below", GP, 0, FAULT, NOT_QEMU, IN_ES(DATA_DOWN), {es mov al, [edx + 0xff]}
  TRAP "write to read-only data", GP, 0, FAULT, NOT_QEMU, IN_ES(DATA_READ_ONLY), {es mov [edx + TEST_PAGES], al}
  TRAP "write to code", GP, 0, FAULT, NOT_QEMU, {xor edx, edx}, {cs mov [edx + TEST_PAGES], al}
  TRAP "stack past the limit", SS_, 0, FAULT, NOT_QEMU, {mov ebx, esp}, {mov eax, DATA_SMALL + 3}, {mov ss, eax}, \
    {mov esp, 0xfd}, {pop ecx}
ENDTRAPS segment_limits

; These must not fault.
global within_limits, read_with_base, call_code16, call_conforming
; u32 within_limits(void): the last bytes of each segment; answers 7 when all went well
within_limits:
  push es
  xor ecx, ecx
  mov eax, DATA_SMALL
  mov es, eax
  mov dword [es:0xfc], 0x11223344
  cmp byte [es:0xff], 0x11
  jne .one
  or ecx, 1
.one:
  mov eax, DATA_PAGES
  mov es, eax
  mov word [es:0x1ffe], 0x5566
  cmp byte [es:0x1fff], 0x55
  jne .two
  or ecx, 2
.two:
  mov eax, DATA_DOWN
  mov es, eax
  cmp byte [es:0x1ffe], 0x66
  jne .three
  or ecx, 4
.three:
  mov eax, ecx
  pop es
  ret

; u32 read_with_base(selector, offset)
read_with_base:
  push gs
  mov ecx, [esp + 8]
  mov edx, [esp + 12]
  mov gs, ecx
  mov eax, [gs:edx]
  pop gs
  ret

; u32 call_code16(void): 16-bit code below a 32-bit stack; answers 1234h + 1111h
call_code16:
  push ebx
  xor eax, eax
  call CODE16:code16 - PROT_PROGRAM
  pop ebx
  ret
bits 16
code16:
  mov ax, 0x1234
  mov bx, 0x1111
  add ax, bx
  o32 retf
bits 32

; u32 call_conforming(void): from ring 3 to conforming code of ring 0: CS says that the privilege stays
call_conforming:
  call CODE_CONFORMING:.inside
  ret
.inside:
  mov eax, cs
  retf
