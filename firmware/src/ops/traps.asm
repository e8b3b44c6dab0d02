; Exceptions that every mode or every ring has.
%include "trap-macros.inc"

section .rodata
align 16
small_words: dw 10, 20    ; bounds of BOUND
unmasked_zero: dw 0x033b  ; control word: zero divide not masked
unmasked_mxcsr: dd 0x1d80 ; divide by zero not masked
reserved_mxcsr: dd 0x10000
align 16
zero: dd 0, 0, 0, 0, 0

section .text
%if BITS == 64
  %define PUSHF_ pushfq
  %define POPF_ popfq
  %define SP_ rsp
%else
  %define PUSHF_ pushfd
  %define POPF_ popfd
  %define SP_ esp
%endif

; In any ring
TRAPS common
  TRAP "divide by zero", DE_, 0, FAULT, 0, {xor ecx, ecx}, {div cl}
  TRAP "div overflow", DE_, 0, FAULT, 0, {mov ax, 0x1000}, {mov cl, 0x10}, {div cl}
  TRAP "idiv overflow", DE_, 0, FAULT, 0, {mov eax, 0x80000000}, {cdq}, {or ecx, -1}, {idiv ecx}
  TRAP "int3", BP_, 0, AFTER, 0, {int3}
  TRAP "single step", DB_, 0, AFTER, 0, {PUSHF_}, {or dword [SP_], 0x100}, {POPF_}, {nop}
  TRAP "ud2", UD, 0, FAULT, 0, {ud2}
  TRAP "lock on a register", UD, 0, FAULT, 0, {db 0xf0, 0x01, 0xc0}
  TRAP "lock on cmp", UD, 0, FAULT, 0, {db 0xf0, 0x39, 0x00}
  TRAP "unmasked x87 exception", MF, 0, FAULT, 0, {fninit}, {fldcw [unmasked_zero]}, {fld1}, {fdiv dword [zero]}, {fwait}
  TRAP "unmasked SSE exception", XM, 0, FAULT, NOT_QEMU, {ldmxcsr [unmasked_mxcsr]}, {mov eax, 1}, {cvtsi2ss xmm0, eax}, \
    {divss xmm0, [zero]}
  TRAP "unaligned movaps", GP, 0, FAULT, NOT_QEMU, {movaps xmm0, [zero + 4]}
  TRAP "16 bytes of instruction", GP, 0, FAULT, 0, {db 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, \
    0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x90}
%if BITS != 64
  TRAP "aam 0", DE_, 0, FAULT, 0, {aam 0}
  TRAP "into", OF_, 0, AFTER, 0, {mov al, 0x7f}, {inc al}, {into}
  TRAP "bound below", BR, 0, FAULT, 0, {mov ax, 9}, {o16 bound ax, [small_words]}
  TRAP "bound above", BR, 0, FAULT, 0, {mov ax, 21}, {o16 bound ax, [small_words]}
%else
  TRAP "daa in 64-bit mode", UD, 0, FAULT, 0, {db 0x27}
  TRAP "push es in 64-bit mode", UD, 0, FAULT, 0, {db 0x06}
  TRAP "aam in 64-bit mode", UD, 0, FAULT, 0, {db 0xd4, 0x0a}
  TRAP "not canonical", GP, 0, FAULT, 0, {mov rax, 0x8000000000000000}, {mov al, [rax]}
  TRAP "not canonical through rsp", SS_, 0, FAULT, NOT_QEMU, {mov rax, rsp}, {btc rsp, 62}, {push rax}
  TRAP "not canonical through rbp", SS_, 0, FAULT, NOT_QEMU, {mov rbp, 0x1000000000000}, {mov al, [rbp]}
%endif
ENDTRAPS common

%if BITS == 16
; What real mode does not have, and its limit of 64 KiB
TRAPS real
  TRAP "lar in real mode", UD, 0, FAULT, 0, {lar ax, cx}
  TRAP "sldt in real mode", UD, 0, FAULT, 0, {sldt ax}
  TRAP "arpl in real mode", UD, 0, FAULT, 0, {arpl ax, cx}
  TRAP "x87 with TS set", NM, 0, FAULT, 0, {mov eax, cr0}, {or al, 8}, {mov cr0, eax}, {fld1}
  TRAP "software interrupt", 0x42, 0, AFTER, 0, {int 0x42}
  TRAP "doubleword at FFFDh", GP, 0, FAULT, NOT_QEMU, {mov bx, 0xfffd}, {mov eax, [bx]}
  TRAP "address above FFFFh", GP, 0, FAULT, NOT_QEMU, {mov ebx, 0x10000}, {mov al, [ebx]}
  TRAP "stack word at FFFFh", SS_, 0, FAULT, NOT_QEMU, {mov bp, 0xffff}, {mov ax, [bp]}
ENDTRAPS real
%else

%if BITS == 64
  %define SIZE_ rax
  LONG_NOT_QEMU equ NOT_QEMU
%else
  %define SIZE_ eax
  LONG_NOT_QEMU equ 0
%endif

; In ring 0: values that the system registers refuse, and what CR0 forbids
TRAPS ring0
  TRAP "x87 with TS set", NM, 0, FAULT, 0, {mov SIZE_, cr0}, {or eax, 8}, {mov cr0, SIZE_}, {fld1}
  TRAP "SSE with TS set", NM, 0, FAULT, 0, {mov SIZE_, cr0}, {or eax, 8}, {mov cr0, SIZE_}, {addps xmm0, xmm1}
  TRAP "x87 with EM set", NM, 0, FAULT, 0, {mov SIZE_, cr0}, {or eax, 4}, {mov cr0, SIZE_}, {fld1}
  TRAP "SSE with EM set", UD, 0, FAULT, 0, {mov SIZE_, cr0}, {or eax, 4}, {mov cr0, SIZE_}, {addps xmm0, xmm1}
  TRAP "NW without CD", GP, 0, FAULT, NOT_QEMU, {mov SIZE_, cr0}, {and eax, ~0x40000000}, {or eax, 0x20000000}, {mov cr0, SIZE_}
  TRAP "CR4 reserved bit", GP, 0, FAULT, NOT_QEMU, {mov SIZE_, cr4}, {or eax, 0x8000000}, {mov cr4, SIZE_}
  TRAP "unknown MSR", GP, 0, FAULT, NOT_QEMU, {mov ecx, 0x4000}, {rdmsr}
  TRAP "reserved MXCSR bit", GP, 0, FAULT, NOT_QEMU, {ldmxcsr [reserved_mxcsr]}
  TRAP "selector past the GDT", GP, 0xfff8, FAULT, 0, {mov eax, 0xfff8}, {mov ds, eax}
  TRAP "software interrupt", 0x42, 0, AFTER, 0, {int 0x42}
ENDTRAPS ring0

; In ring 3: privileged instructions, gates that are closed to it
TRAPS ring3
  TRAP "hlt", GP, 0, FAULT, 0, {hlt}
  TRAP "cli", GP, 0, FAULT, 0, {cli}
  TRAP "sti", GP, 0, FAULT, 0, {sti}
  TRAP "clts", GP, 0, FAULT, 0, {clts}
  TRAP "invd", GP, 0, FAULT, 0, {invd}
  TRAP "wbinvd", GP, 0, FAULT, 0, {wbinvd}
  TRAP "mov from cr0", GP, 0, FAULT, 0, {mov SIZE_, cr0}
  TRAP "mov to cr3", GP, 0, FAULT, 0, {mov cr3, SIZE_}
  TRAP "mov from dr7", GP, 0, FAULT, 0, {mov SIZE_, dr7}
  TRAP "lgdt", GP, 0, FAULT, 0, {lgdt [zero]}
  TRAP "lidt", GP, 0, FAULT, 0, {lidt [zero]}
  TRAP "lldt", GP, 0, FAULT, 0, {lldt ax}
  TRAP "ltr", GP, 0, FAULT, 0, {ltr ax}
  TRAP "lmsw", GP, 0, FAULT, 0, {lmsw ax}
  TRAP "invlpg", GP, 0, FAULT, 0, {invlpg [zero]}
  TRAP "rdmsr", GP, 0, FAULT, 0, {mov ecx, 0x1b}, {rdmsr}
  TRAP "wrmsr", GP, 0, FAULT, 0, {mov ecx, 0x1b}, {wrmsr}
  TRAP "int through a ring-0 gate", GP, 0x42 * 8 + 2, FAULT, LONG_NOT_QEMU, {int 0x42}
  TRAP "int1 opcode", DB_, 0, AFTER, NOT_QEMU, {db 0xf1}
  TRAP "ring-0 data selector", GP, 0x10, FAULT, 0, {mov eax, 0x10}, {mov ds, eax}
  TRAP "ring-0 stack selector", GP, 0x10, FAULT, 0, {mov eax, 0x10}, {mov ss, eax}
  TRAP "null selector in SS", GP, 0, FAULT, 0, {xor eax, eax}, {mov ss, eax}
ENDTRAPS ring3

; Ports: a case of its own because some hosts' KVM lets them through (see README)
TRAPS ports
  TRAP "in", GP, 0, FAULT, 0, {in al, 0x80}
  TRAP "out", GP, 0, FAULT, 0, {out 0x80, al}
  TRAP "out dx", GP, 0, FAULT, 0, {mov edx, 0x80}, {out dx, eax}
  TRAP "insb", GP, 0, FAULT, 0, {mov edx, 0x80}, {lea DI_, [SP_ - 64]}, {insb}
ENDTRAPS ports
%endif
