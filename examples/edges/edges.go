// edges reads a PNG on standard input and writes its edges (Sobel operator on the luminance, over
// white) as a PNG on standard output.
package main

import (
	"bufio"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
)

// luminance flattens the picture onto white and gives its brightness, 0..255.
func luminance(picture image.Image) *image.Gray {
	bounds := picture.Bounds()
	flat := image.NewRGBA(bounds)
	draw.Draw(flat, bounds, image.White, image.Point{}, draw.Src)
	draw.Draw(flat, bounds, picture, bounds.Min, draw.Over)
	gray := image.NewGray(bounds)
	draw.Draw(gray, bounds, flat, bounds.Min, draw.Src)
	return gray
}

// sobel gives the strength of the brightness gradient at each pixel, integers only.
func sobel(gray *image.Gray) *image.Gray {
	bounds := gray.Bounds()
	edges := image.NewGray(bounds)
	at := func(x, y int) int {
		x = min(max(x, bounds.Min.X), bounds.Max.X-1)
		y = min(max(y, bounds.Min.Y), bounds.Max.Y-1)
		return int(gray.GrayAt(x, y).Y)
	}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			dx := at(x+1, y-1) + 2*at(x+1, y) + at(x+1, y+1) - at(x-1, y-1) - 2*at(x-1, y) - at(x-1, y+1)
			dy := at(x-1, y+1) + 2*at(x, y+1) + at(x+1, y+1) - at(x-1, y-1) - 2*at(x, y-1) - at(x+1, y-1)
			edges.SetGray(x, y, color.Gray{Y: uint8(min(255, max(dx, -dx)+max(dy, -dy)))})
		}
	}
	return edges
}

func main() {
	picture, err := png.Decode(bufio.NewReader(os.Stdin))
	if err != nil {
		fmt.Fprintln(os.Stderr, "edges: standard input is not a PNG picture:", err)
		os.Exit(1)
	}
	out := bufio.NewWriter(os.Stdout)
	if err := png.Encode(out, sobel(luminance(picture))); err == nil {
		err = out.Flush()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "edges:", err)
		os.Exit(1)
	}
}
