package credential

import "syscall"

// endWithProvider lets the system end a command whose provider was killed. The
// thread that starts the command has to outlast it (prctl(2), PR_SET_PDEATHSIG).
func endWithProvider(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
