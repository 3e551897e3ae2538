package crash

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// DieBeforeChange kills the process that calls it, as a power cut would, just before
// the nth time that it gives a file another name, a second one, or none. The kernel
// asks before each of these; what the process runs knows nothing of it.
func DieBeforeChange(n int) {
	const load, equal, answer = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS,
		unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	filter := []unix.SockFilter{{Code: load}} // the number of the system call
	for _, call := range []uint32{unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_LINKAT, unix.SYS_UNLINKAT} {
		filter = append(filter, unix.SockFilter{Code: equal, K: call, Jf: 1},
			unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_USER_NOTIF})
	}
	filter = append(filter, unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ALLOW})
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	must(unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	const flags = unix.SECCOMP_FILTER_FLAG_TSYNC | unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH | unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
	kernel, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags,
		uintptr(unsafe.Pointer(&program)))
	must(ok(errno))
	ask := func(what uintptr, about unsafe.Pointer) (again bool) {
		errno := unix.EINTR
		for errno == unix.EINTR {
			_, _, errno = unix.Syscall(unix.SYS_IOCTL, kernel, what, uintptr(about))
		}
		if errno == unix.ENOENT { // a signal came between: the call is made again, and asked for again
			return true
		}
		must(ok(errno))
		return false
	}
	go func() {
		for ; ; n-- {
			var asked struct { // struct seccomp_notif
				id    uint64
				pid   uint32
				flags uint32
				call  [64]byte
			}
			if ask(unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&asked)) {
				n++
				continue
			}
			if n == 1 {
				fmt.Fprintln(os.Stderr, "dies")
				Die()
			}
			goOn := struct { // struct seccomp_notif_resp
				id    uint64
				value int64
				errno int32
				flags uint32
			}{id: asked.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
			if ask(unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&goOn)) {
				n++
			}
		}
	}()
}

func ok(errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
