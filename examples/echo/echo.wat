;; echo: the `timerose` ABI in WebAssembly text: its output is its inputs, one after the other.
(module
  (import "timerose" "input_count" (func $input_count (result i32)))
  (import "timerose" "input_read" (func $input_read (param i32 i64 i32 i32) (result i32)))
  (import "timerose" "output_write" (func $output_write (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "timerose_main") (local $input i32) (local $offset i64) (local $got i32)
    (loop $next_input
      (if (i32.lt_u (local.get $input) (call $input_count))
        (then
          (local.set $offset (i64.const 0))
          (loop $next_piece
            (local.set $got
              (call $input_read (local.get $input) (local.get $offset) (i32.const 0) (i32.const 65536)))
            (if (i32.ne (local.get $got) (i32.const 0))
              (then
                (call $output_write (i32.const 0) (local.get $got))
                (local.set $offset (i64.add (local.get $offset) (i64.extend_i32_u (local.get $got))))
                (br $next_piece))))
          (local.set $input (i32.add (local.get $input) (i32.const 1)))
          (br $next_input))))))
