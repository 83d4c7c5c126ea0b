package main

import (
	"runtime"
	"time"

	"foil/internal/bench"
	"foil/models/adversary"
	"foil/models/backend"
	"foil/models/multvae"
	"foil/models/optim"
	"foil/models/random"
)

// trainFoil is foil's side: the same work as step.py, with the same settings.
func trainFoil(w Workload) (bench.Result, error) {
	runtime.GOMAXPROCS(w.Threads)
	b, err := backend.Open(backend.Default, w.Threads)
	if err != nil {
		return bench.Result{}, err
	}
	config := published(w.Items)
	m, err := multvae.New(b, config, 1)
	if err != nil {
		return bench.Result{}, err
	}
	rows, users := w.batch()
	targets := []adversary.Targets{{Class: w.Gender}, {Value: w.Age}}
	noise := multvae.NewNoise(random.NewStreams(1), config.Groups)

	result := bench.Result{Version: "foil, " + runtime.Version()}
	for i := range w.Warmup + w.Steps {
		start := time.Now()
		losses, err := m.Step(rows, users, targets, noise, 1e-3, 1e-3)
		if err != nil {
			return bench.Result{}, err
		}
		if i >= w.Warmup {
			result.StepMS = append(result.StepMS, 1e3*time.Since(start).Seconds())
		}
		result.Losses = append(result.Losses, bench.Losses{
			"softmax": losses.NLL, "KL": losses.KL, "gender": losses.Groups[0], "age": losses.Groups[1],
		})
	}
	return result, nil
}

// published is the configuration of AdvXMultVAE that Escobedo et al. (2024) use on MovieLens 1M.
func published(items int) multvae.Config {
	group := adversary.Config{Heads: 10, Hidden: 5, Dropout: 0.3, Reversal: 400}
	gender, age := group, group
	gender.Name, gender.Task, gender.Classes, gender.ClassWeights = "gender", adversary.Classification, 2, []float32{0.72, 0.28}
	age.Name, age.Task = "age", adversary.Regression
	return multvae.Config{
		Items: items, Latent: 100, InputDropout: 0.1, Beta: 0.8,
		Adam:   optim.DefaultAdam(1e-4),
		Groups: []adversary.Config{gender, age},
	}
}

// batch returns the rows in the form of the model, and all users.
func (w Workload) batch() (multvae.Rows, []int32) {
	rows := multvae.Rows{Offset: []int32{0}}
	users := make([]int32, len(w.Rows))
	for u, row := range w.Rows {
		users[u] = int32(u)
		rows.Item = append(rows.Item, row...)
		rows.Offset = append(rows.Offset, int32(len(rows.Item)))
	}
	return rows, users
}
