# expect: completed killed crashed
# Calls by the numbers of x32 or i386 do not walk past the filter.
import ctypes
import mmap
from helping import call, reached

libc = ctypes.CDLL(None, use_errno=True)
call("x32 ptrace", libc.syscall(0x40000000 + 521, 16, 1, 0, 0))
# int 0x80 with the i386 number of unshare (310): mov eax,310; mov ebx,0x10000000; int 0x80; ret
code = bytes.fromhex("53b836010000bb00000010cd805bc3")
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(code)
function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
if function() == 0:
    reached("i386 unshare")
