package disk

import "syscall"

// networkFileSystems are the file systems whose locks may be local to a node, by the numbers of
// statfs(2). A FUSE file system may be on a network, too.
var networkFileSystems = map[uint32]string{
	0x00006969: "NFS",
	0x0000517b: "SMB",
	0xff534d42: "CIFS",
	0xfe534d42: "SMB2",
	0x00c36400: "Ceph",
	0x0bd00bd0: "Lustre",
	0x47504653: "GPFS",
	0x19830326: "BeeGFS",
	0x5346414f: "AFS",
	0x6b414653: "AFS (kAFS)",
	0x73757245: "Coda",
	0x65735546: "FUSE",
	0x01021997: "9p",
}

// networkFileSystem names the file system of a folder if its locks may be local to a node.
func networkFileSystem(dir string) string {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return ""
	}
	return networkFileSystems[uint32(s.Type)]
}
