# expect: completed
# A file's handle opens nothing: the call is refused.
import ctypes
from helping import call

libc = ctypes.CDLL(None, use_errno=True)
handle = (ctypes.c_ubyte * 24)(8, 0, 0, 0, 1, 0, 0, 0, 2)
call("open_by_handle_at", libc.open_by_handle_at(3, handle, 0))
call("name_to_handle_at", libc.name_to_handle_at(-100, b"/", handle, (ctypes.c_int * 1)(), 0))
