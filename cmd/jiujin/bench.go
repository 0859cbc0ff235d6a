package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// benchCmd measures the service on the machine it runs on. Each bench prints one JSON object and nothing else on
// standard output, and fails when an answer was wrong.
type benchCmd struct {
	Near      benchNearCmd      `cmd:"" help:"Measure nearest search over HTTP, with updates beside it."`
	Store     benchStoreCmd     `cmd:"" help:"Measure the position store: updates, nearest search, memory."`
	Ingest    benchIngestCmd    `cmd:"" help:"Measure the intake of positions over HTTP: acknowledged after fsync, and the drain."`
	Terminals benchTerminalsCmd `cmd:"" help:"Measure JT/T 808 terminals from the socket to the disk and back: frames, acknowledgement, idle memory."`
	Search    benchSearchCmd    `cmd:"" help:"Measure the search of retailers: memory, time to build, time of each kind of query."`
	Resolve   benchResolveCmd   `cmd:"" help:"Measure how well callers' words are resolved to shops: a table per kind of noise; labelled lists."`
	History   benchHistoryCmd   `cmd:"" help:"Measure the history: bytes a fix, tracks, reading unit-days while positions come in."`
	Register  benchRegisterCmd  `cmd:"" help:"Measure the import of a register: an empty one, the same list again, the next month, and after kills."`
	Roads     benchRoadsCmd     `cmd:"" help:"Measure the ways of many vehicles to one case on a road net."`
}

// printFigures prints v as one JSON object.
func printFigures(v any) error {
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("print the figures: %w", err)
	}
	return nil
}
