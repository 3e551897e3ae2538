package importer

import (
	"os"
	"syscall"
)

// ownership says how many names a file has. Who may write it is a matter of the
// folder's access rights there, which the file takes over.
func ownership(f *os.File) (links uint64, mine bool, err error) {
	var info syscall.ByHandleFileInformation
	err = syscall.GetFileInformationByHandle(syscall.Handle(f.Fd()), &info)
	return uint64(info.NumberOfLinks), true, err
}

// copyInPlace is the command that puts a file's own copy in its place.
func copyInPlace(path string) string {
	path, part := `"`+path+`"`, `"`+path+`.copy"`
	return "copy " + path + " " + part + " && move /y " + part + " " + path
}
