package disk

import (
	"fmt"
	"syscall"
)

// The file systems of statfs(2), by their numbers. localFileSystems are those of one machine. The
// locks of all others may be local to a node, also of those that have no name here: there are many
// file systems for clusters. A FUSE file system may be on a network.
var (
	localFileSystems = map[uint32]string{
		0x0000ef53: "ext4",
		0x58465342: "XFS",
		0x9123683e: "Btrfs",
		0x01021994: "tmpfs",
		0x858458f6: "ramfs",
		0x794c7630: "overlayfs",
		0x2fc12fc1: "ZFS",
		0xca451a4e: "bcachefs",
		0xf2f52010: "F2FS",
		0x3153464a: "JFS",
		0x52654973: "ReiserFS",
		0x00003434: "NILFS",
		0x0000f15f: "eCryptfs",
		0x00004d44: "FAT",
		0x2011bab0: "exFAT",
		0x5346544e: "NTFS",
		0x7366746e: "NTFS3",
		0x0000482b: "HFS+",
		0x73717368: "SquashFS",
		0xe0f5e1e2: "EROFS",
		0x00009660: "ISO 9660",
		0x15013346: "UDF",
	}
	networkFileSystems = map[uint32]string{
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
		0x01161970: "GFS2",
		0x7461636f: "OCFS2",
		0x20030528: "OrangeFS",
		0x786f4256: "a shared folder of VirtualBox",
		0xbacbacbc: "a shared folder of VMware",
	}
)

// networkFileSystem names the file system of a folder if its locks may be local to a node.
func networkFileSystem(dir string) string {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return ""
	}
	return networkName(uint32(s.Type))
}

func networkName(number uint32) string {
	if localFileSystems[number] != "" {
		return ""
	}
	if name := networkFileSystems[number]; name != "" {
		return name
	}
	return fmt.Sprintf("a file system that foil does not know (%#x)", number)
}
