; Ring 3 that computes a checksum through everything that leaves it, for a storm of interruptions: jumps and calls through
; tables, INT3, INT n, SYSCALL, faults, SSE and string instructions. It is entered in ring 0 in 64-bit mode with the
; first 4 MiB mapped for all; ring 3 counts RBP down, and a halt in ring 0 with interrupts off ends it.
bits 64
org 0x1000
BASE equ 0x1000
KERNEL_STACK equ 0x9000
USER_STACK equ 0xa000
WINDOW equ 0xb000
HOLE equ 0x40000000

start:
    mov rsp, KERNEL_STACK
    lgdt [gdt_pointer]
    lidt [idt_pointer]
    mov ax, 0x28
    ltr ax
    mov ecx, 0xc0000081             ; STAR: SYSCALL to 08h, SYSRET to 20h with 18h
    xor eax, eax
    mov edx, 0x00100008
    wrmsr
    inc ecx                         ; LSTAR
    mov eax, system_call
    xor edx, edx
    wrmsr
    add ecx, 2                      ; SFMASK: IF
    mov eax, 0x200
    wrmsr
    push 0x1b
    push USER_STACK
    push 0x202
    push 0x23
    push user
    iretq

; RBX random numbers, R15 checksum, R12 what the kernel counts, XMM0 another sum
user:
    mov rbx, 88172645463325252
    mov r15, 1
    xor r12d, r12d
    pxor xmm0, xmm0
again:
    mov rcx, rbx
    shl rcx, 13
    xor rbx, rcx
    mov rcx, rbx
    shr rcx, 7
    xor rbx, rcx
    mov rcx, rbx
    shl rcx, 17
    xor rbx, rcx
    mov rcx, rbx
    rol r15, 5
    xor r15, rbx
    and ecx, 15
    jmp [targets + rcx * 8]
next:
    add r15, r12
    dec rbp
    jnz again
    movq rdx, xmm0
    add r15, rdx
    int 0x81

t_breakpoint:
    int3
    jmp next
    int3                            ; what stands before the next target
t_call:
    mov rdx, rbx
    shr rdx, 40
    and edx, 3
    call [functions + rdx * 8]
    jmp next
t_syscall:
    mov eax, ebx
    syscall
    add r15, rax
    jmp next
t_interrupt:
    int 0x80
    jmp next
t_undefined:
    ud2
    jmp next
t_fault:
    mov rdx, HOLE
    mov eax, [rdx]                  ; two bytes, which the kernel skips
    jmp next
t_divide:
    xor ecx, ecx
    div ecx                         ; two bytes
    jmp next
t_sse:
    movq xmm1, rbx
    paddq xmm0, xmm1
    pshufd xmm0, xmm0, 0x4e
    jmp next
t_string:
    mov edi, WINDOW + 256
    mov esi, WINDOW
    mov [rsi], rbx
    mov ecx, 64
    rep movsb
    add r15, [WINDOW + 256]
    jmp next
t_stack:
    push rbx
    push r15
    pop rdx
    pop rcx
    lea r15, [rdx + rcx]
    jmp next
t_spin:
    mov ecx, 200
.again:
    imul r15, rbx
    add r15, rcx
    dec ecx
    jnz .again
    jmp next

f_0:
    add r15, 3
    ret
f_1:
    mov rdx, f_0
    call rdx
    rol r15, 1
    ret
f_2:
    int3
    call f_1
    ret
    int3
f_3:
    call f_2
    call f_1
    ret

breakpoint:
    add r12, 1
    iretq
interrupt:
    imul r12, 3
    iretq
skip_fault:
    add rsp, 8
skip:
    add r12, 5
    add qword [rsp], 2
    iretq
tick:
    inc qword [ticks]
    iretq
system_call:
    lea rax, [rax * 3 + 1]
    o64 sysret
done:
    cli
    hlt

align 8
targets:
    dq t_breakpoint, t_call, t_syscall, t_interrupt, t_undefined, t_fault, t_divide, t_sse
    dq t_string, t_stack, t_spin, t_breakpoint, t_call, t_spin, t_spin, t_syscall
functions: dq f_0, f_1, f_2, f_3
ticks: dq 0
idt_pointer:
    dw 0x82 * 16 - 1
    dq idt
%include "ring3-gdt.inc"

%macro gate 2                       ; attributes, handler
    dw %2
    dw 0x08
    db 0, %1
    dw 0
    dq 0
%endmacro
%macro gates 1
    times (%1) * 16 db 0
%endmacro
align 16
idt:
    gate 0x8e, skip                 ; 0 #DE
    gates 2
    gate 0xee, breakpoint           ; 3 #BP
    gates 2
    gate 0x8e, skip                 ; 6 #UD
    gates 7
    gate 0x8e, skip_fault           ; 14 #PF
    gates 17
    gate 0x8e, tick                 ; 20h
    gates 0x80 - 0x21
    gate 0xee, interrupt            ; 80h
    gate 0xee, done                 ; 81h
