package main

import (
	"fmt"
	"time"

	"foil/internal/store/disk"
	"foil/pipeline/run"
)

// A Model is an experiment of two levels, the workers that make it, and what they share. Each cell
// of the second level needs one of the first level.
type Model struct {
	Name string

	Block  int           // cells that are taken and published together; the other numbers count blocks
	First  int           // cells of the first level
	Cells  int           // of both levels
	Cell   time.Duration // mean duration; the shortest take half of it and the longest one and a half
	Output int64         // bytes of a cell's output

	Workers int           // each makes one cell at a time
	PerNode int           // workers of a node
	Apart   time.Duration // between the starts of two workers
	Expiry  time.Duration // of leases
	Losses  int           // nodes that are lost, at equal intervals while the work goes on
	Replace time.Duration // after which a lost node is replaced by another one

	Files  Server // of the cache
	Remote Remote
}

// A Server is what all workers share. It takes one request after the other.
type Server struct {
	Latency time.Duration // of a request on an idle server
	Rate    float64       // requests a second; 0: any number
}

// A Remote is the store behind the cache, as in package tiered. Without a latency, there is none.
type Remote struct {
	Server
	Bytes float64 // a second, for each worker
}

// Path operations in the cache: calls of the system with a name, each of which is one request or
// more to a file server. The first three were counted with strace, as the difference between 700
// and 400 cells of the kind command with file leases; the others are those of internal/store/disk.
const (
	opsMiss  = 2  // Lookup of a key that was never made
	opsHit   = 2  // Lookup of a cell with one output
	opsMake  = 78 // to take the lease of a cell, make it and publish it, with its lookups
	opsHeld  = 5  // to find that another worker makes a cell
	opsPoll  = 3  // to look whether it still does
	opsFree  = 8  // to find that it does not
	opsRenew = 1  // to renew a lease
)

// Requests to the remote. See internal/store/tiered.
const (
	askRecord   = 1  // for a key that the cache lacks
	sendCell    = 4  // whether it has the object, the object, whether it has the record, the record
	askAtOnce   = 32 // while a worker plans
	tinyRequest = 500
	recordBytes = 1500
	patience    = 2 * time.Second  // see health in internal/store/tiered
	slowAnswer  = patience / 4     // longer answers count
	useAgain    = 30 * time.Second // after a result could be sent
	mostEnds    = 2
)

// first is the number of the cell of the first level that a cell needs, or -1.
func (m *Model) first(c int) int {
	if c < m.First {
		return -1
	}
	return (c - m.First) * m.First / (m.Cells - m.First)
}

// duration is the time that a cell takes, which is the same in each attempt.
func (m *Model) duration(c int) time.Duration {
	const parts = 1000
	h := uint64(c+1) * 0x9e3779b97f4a7c15
	return m.Cell/2 + m.Cell*time.Duration(h>>40%parts)/parts
}

// check reports what cannot be simulated.
func (m *Model) check() error {
	switch {
	case m.First < 1 || m.Cells < m.First || m.Block < 1:
		return fmt.Errorf("%d blocks of %d cells, %d of the first level", m.Cells, m.Block, m.First)
	case m.Workers < 1 || m.PerNode < 1 || m.Workers%m.PerNode != 0:
		return fmt.Errorf("%d workers, %d on a node", m.Workers, m.PerNode)
	case m.Losses > 0 && m.Replace <= 0:
		return fmt.Errorf("%d nodes are lost and none is replaced", m.Losses)
	case m.Cells > m.First && run.Length(2*m.Cell) == run.Length(m.Cell):
		return fmt.Errorf("workers would mix both levels, because cells of %s are too short", m.Cell)
	}
	return nil
}

// inBlocks is a model whose workers take a lease for several cells. foil does not do that.
func inBlocks(m Model, cells int) Model {
	m.Name = fmt.Sprintf("%s, %d cells in a claim (not built)", m.Name, cells)
	m.Block, m.First, m.Cells = cells, m.First/cells, m.Cells/cells
	m.Cell *= time.Duration(cells)
	m.Output *= int64(cells)
	return m
}

// standard is the model of docs/scale.md, in several places.
func standard(workers, cells int) []Model {
	ideal := Model{
		Name: "nothing costs time", Block: 1, First: cells / 100, Cells: cells, Cell: time.Minute, Output: 2 << 20,
		Workers: workers, PerNode: 8, Apart: 10 * time.Millisecond, Expiry: disk.DefaultExpiry,
	}
	served := ideal
	served.Name, served.Files = "file server", Server{500 * time.Microsecond, 20_000}
	lost := served
	lost.Name, lost.Losses, lost.Replace = "and 50 of 125 nodes lost", 50, 10*time.Minute
	slow := lost
	slow.Name, slow.Remote = "and a remote, 0.3 s a request", Remote{Server{300 * time.Millisecond, 5000}, 20e6}
	slower := lost
	slower.Name, slower.Remote = "and a remote, 1 s a request", Remote{Server{time.Second, 5000}, 20e6}
	short := served
	short.Name, short.Cell = "file server, cells of 2 s", 2*time.Second
	return []Model{ideal, served, lost, slow, slower, short, inBlocks(served, 16), inBlocks(short, 100)}
}
