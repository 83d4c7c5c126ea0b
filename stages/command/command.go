// Package command holds the kind command: any program as a stage.
//
// Each run of the program has a new scratch folder. The folder holds the program's own files
// (parameter files, with the paths that they have beside the spec), in/NAME/ for each input, and
// an empty out/ for the output. These names are fixed, so arguments are passed on as they are
// written, and no path of this machine need reach the output. The folder of a failed run is kept,
// so the run can be repeated there by hand.
//
// .cell/ tells the program about its cell, and takes its progress and its checkpoints.
//
// The promise: everything in the spec that can reach the program is part of the key, except values
// of inherited variables. The program itself (python3), the libraries that it imports and other
// files that it reads are not. With environment, Python and its packages are.
package command

import (
	"context"
	"os"
	"path/filepath"

	"foil/pipeline"
	"foil/spec"
)

// Command is the kind command.
func Command() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "command",
		Version: 1,
		Doc: "Runs any program as a stage. " +
			"It runs in a new folder that holds the stage's files, in/NAME/ with the files of each input, " +
			"and an empty out/ for its output. " +
			".cell/ holds its parameters in cell.json, a folder for checkpoints that survives interruptions, and takes its progress. " +
			"For a gathered input, in/NAME/cells.json lists the cells, each with its axes and its folder. " +
			"Of foil's environment, the program gets PATH, HOME, TMPDIR and the variables in inherit. " +
			"OMP_NUM_THREADS and CUDA_VISIBLE_DEVICES hold the cores and GPUs of the cell. " +
			"Variables in env are added. " +
			"Arguments, files and inputs are part of the key. The program itself is not: " +
			"name its version (python3.12) where it matters, or pin Python and its packages with environment. " +
			"The log keeps the first 64 MB of what the program prints, and the last 64 kB. " +
			"The same inputs must give the same output, byte for byte. " +
			"Processes that the program leaves running have 1.5 s to end by themselves. " +
			"After that the cell fails, and they are killed.",
		Inputs: []pipeline.Port{
			{Name: "*", Optional: true, Doc: "artifacts of any type, in in/NAME/"},
			{Name: "*", Optional: true, Gathered: true, Doc: "all cells of a stage of any type, in in/NAME/0/, in/NAME/1/, ..."},
		},
		Output:      typeFiles,
		OutputParam: "type",
		RunsProgram: true,
		Files:       []pipeline.FileDoc{{Name: "(outputs)", Doc: "the files in the parameter outputs, of the type in the parameter type"}},
		Printed:     printed,
		Open:        open,
		Program:     programOf,
	}, params, pipeline.Work[Params]{
		CheckInputs: (*Params).checkInputs,
		CheckMachine: func(env *pipeline.Env, p *Params, report spec.Reporter) {
			p.checkMachine(env, report)
		},
		Sources: func(ctx context.Context, env *pipeline.Env, p *Params) ([]pipeline.Source, error) {
			return p.sources(ctx, env)
		},
		Run: run,
	})
}

func run(ctx context.Context, cell *pipeline.Cell, p *Params) error {
	// The folder is beside the output, so that files are moved and not copied, and so that it is
	// removed with the rest of the cell's folder when the cell is published.
	s, err := newScratch(cell.OutDir+scratchSuffix, cell, p.Params)
	if err != nil {
		return err
	}
	environment, err := p.prepare(ctx, cell, s.dir)
	if err != nil {
		return err
	}
	stop := follow(cell, filepath.Join(s.dir, progressFile))
	err = execute(ctx, s.dir, environment, p, cell)
	stop()
	if ctx.Err() == nil { // a program that failed may have done so because of its own changes
		err = s.checkInputs(err)
	}
	if err != nil {
		return err
	}
	if err := p.collect(cell, s.out()); err != nil {
		return err
	}
	if err := os.RemoveAll(s.dir); err != nil { // for example a folder of another user, made in a container
		cell.Logf("removing the folder of the program: %v", err)
	}
	return nil
}
