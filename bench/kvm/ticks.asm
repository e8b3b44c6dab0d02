; A Multiboot kernel whose ring 3 computes for ever in 64-bit mode while IRQ 0 comes 1,000 times a second. Each
; interrupt writes a byte to port E9h; the last one ends the machine through isa-debug-exit (port F4h).
bits 32
org 0x100000
BASE equ 0x100000
TICKS equ 3000
DIVISOR equ 1193                    ; 1193182 Hz / 1193: 999.85 us
PML4 equ 0x120000
PDPT equ 0x121000
PD equ 0x122000
KERNEL_STACK equ 0x130000
USER_STACK equ 0x140000
TICK_VECTOR equ 0x20

header:
    dd 0x1badb002, 0x10000, -(0x1badb002 + 0x10000)
    dd header, BASE, load_end, 0x110000, start

start:
    mov dword [PML4], PDPT + 7      ; present, writable, user
    mov dword [PDPT], PD + 7
    mov dword [PD], 0x87            ; 2 MiB
    mov edi, PML4
    mov cr3, edi
    mov eax, 0x620                  ; PAE, OSFXSR, OSXMMEXCPT
    mov cr4, eax
    mov ecx, 0xc0000080             ; EFER.LME
    mov eax, 0x100
    xor edx, edx
    wrmsr
    mov eax, 0x80000001             ; PG, PE
    mov cr0, eax
    lgdt [gdt_pointer]
    jmp 0x08:long_mode

bits 64
long_mode:
    mov ax, 0x10
    mov ss, eax
    mov rsp, KERNEL_STACK
    mov ax, 0x28
    ltr ax
    mov eax, tick                   ; the gate's offset, below 64 KiB above BASE
    mov [idt + TICK_VECTOR * 16], ax
    shr eax, 16
    mov [idt + TICK_VECTOR * 16 + 6], ax
    lidt [idt_pointer]

    mov al, 0x11                    ; 8259: ICW1-ICW4, vectors from 20h, IRQ 0 alone
    out 0x20, al
    mov al, TICK_VECTOR
    out 0x21, al
    mov al, 4
    out 0x21, al
    mov al, 1
    out 0x21, al
    mov al, 0xfe
    out 0x21, al
    mov al, 0x34                    ; 8254: counter 0, mode 2
    out 0x43, al
    mov al, DIVISOR & 255
    out 0x40, al
    mov al, DIVISOR >> 8
    out 0x40, al

    push 0x1b                       ; to ring 3, interrupts on
    push USER_STACK
    push 0x202
    push 0x23
    push compute
    iretq

compute:
    mov rax, 88172645463325252
.again:
    mov rcx, rax                    ; xorshift64
    shl rcx, 13
    xor rax, rcx
    mov rcx, rax
    shr rcx, 7
    xor rax, rcx
    mov rcx, rax
    shl rcx, 17
    xor rax, rcx
    jmp .again

tick:
    push rax
    mov al, 't'
    out 0xe9, al
    mov al, 0x20                    ; end of interrupt
    out 0x20, al
    dec dword [left]
    jnz .back
    mov al, 0
    out 0xf4, al
.back:
    pop rax
    iretq

align 8
left: dd TICKS
idt_pointer:
    dw 33 * 16 - 1
    dq idt
%include "ring3-gdt.inc"
align 16
idt:
    times TICK_VECTOR * 16 db 0
    dw 0, 0x08
    db 0, 0x8e                      ; interrupt gate
    dw 0
    dq 0
load_end:
