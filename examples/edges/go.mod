module edges

go 1.21
