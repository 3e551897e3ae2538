package safefile

import (
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// ownerOnly gives a file an access list that names this user alone, and takes none
// from the folder: in a shared folder everybody could read it otherwise. A file
// system without access lists, such as a USB stick's, keeps nothing from anybody.
func ownerOnly(f *os.File) error {
	var has uint32
	if err := windows.GetVolumeInformationByHandle(windows.Handle(f.Fd()), nil, 0, nil, nil, &has, nil,
		0); err == nil && has&windows.FILE_PERSISTENT_ACLS == 0 {
		return nil
	}
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return err
	}
	list, err := windows.SecurityDescriptorFromString(fmt.Sprintf("D:P(A;;FA;;;%s)", user.User.Sid))
	if err != nil {
		return err
	}
	dacl, _, err := list.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(f.Name(), windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, dacl, nil)
}
