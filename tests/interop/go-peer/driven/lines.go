// Package driven answers commands that come as lines: each line read is a JSON array of a command and
// its words, each line written is one JSON object. The first line written says who answers.
package driven

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"
)

// Command is given its words, the first of them its name.
type Command func(ctx context.Context, words []string) (map[string]any, error)

// ByLines answers until standard input ends; no command takes longer than the deadline.
func ByLines(who any, deadline time.Duration, command Command) error {
	answers := json.NewEncoder(os.Stdout)
	if err := answers.Encode(who); err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		answer, err := answerTo(lines.Bytes(), deadline, command)
		if err != nil {
			answer = map[string]any{"error": err.Error()}
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

// The answer also says how long it took.
func answerTo(line []byte, deadline time.Duration, command Command) (map[string]any, error) {
	var words []string
	if err := json.Unmarshal(line, &words); err != nil || len(words) == 0 {
		return nil, errors.New("expected a line with a JSON array of strings")
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	start := time.Now()
	answer, err := command(ctx, words)
	if err != nil {
		return nil, err
	}
	answer["seconds"] = time.Since(start).Seconds()
	return answer, nil
}
