; A Multiboot kernel that enters 64-bit mode and counts: the debugger's guest.
; Labels that the test names lie at fixed addresses.
bits 32
org 0x100000
BASE equ 0x100000
header:
    dd 0x1badb002, 0x10000, -(0x1badb002 + 0x10000)
    dd header, BASE, load_end, 0x110000, start
align 16
start:
    mov edi, 0x120000               ; PML4, PDPT, one 1 GiB mapping through a page directory
    mov dword [edi], 0x121003
    mov dword [0x121000], 0x122003
    mov dword [0x122000], 0x000083
    mov dword [0x122000 + 8 * 1], 0x200083
    mov dword [edi + 8 * 256], 0x121003     ; the same memory at ffff800000000000
    mov cr3, edi
    mov eax, 0x620                  ; PAE, OSFXSR, OSXMMEXCPT
    mov cr4, eax
    mov ecx, 0xc0000080
    mov eax, 0x100
    xor edx, edx
    wrmsr
    mov eax, 0x80000001
    mov cr0, eax
    lgdt [gdt_pointer]
    jmp 8:long_mode
align 8
gdt:
    dq 0, 0x00af9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
    dw 23
    dd gdt
times 0x100 - ($ - $$) db 0x90
bits 64
long_mode:                          ; 0x100100
    mov ax, 16
    mov ds, eax
    mov ss, eax
    mov es, eax
    mov rsp, 0x130000
    mov rax, 0x1122334455667788
    mov r15, 0xffff800000100200
    jmp r15
times 0x200 - ($ - $$) db 0x90
high:                               ; 0x100200, running at ffff800000100200
    fninit
    fld1
    fldpi
    movq xmm3, rax
    xor ecx, ecx
times 0x220 - ($ - $$) db 0x90
again:                              ; 0x100220
    inc ecx
    mov rbx, rcx
    mov [rel counter], ecx          ; 0x100225
    nop
    add edx, [rel counter]
    jmp again
times 0x300 - ($ - $$) db 0x90
counter:                            ; 0x100300
    dd 0
    db 'hello, gdb', 0
load_end:
