;; Looks for the host: writes, as bytes, how many environment variables there are and their size, then
;; for each descriptor 0 to 15 the errnos of opening each of seven paths of the host, and of sock_accept.
(module
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_accept"
    (func $sock_accept (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  ;; Seven paths of 32 bytes: a length, then the text.
  (data (i32.const 1024) "\0b/etc/passwd")
  (data (i32.const 1056) "\0aetc/passwd")
  (data (i32.const 1088) "\0d../etc/passwd")
  (data (i32.const 1120) "\19../../../../../etc/passwd")
  (data (i32.const 1152) "\12/proc/self/environ")
  (data (i32.const 1184) "\11proc/self/environ")
  (data (i32.const 1216) "\01.")
  (global $out (mut i32) (i32.const 4096))
  (func $put (param $byte i32)
    (i32.store8 (global.get $out) (local.get $byte))
    (global.set $out (i32.add (global.get $out) (i32.const 1))))
  (func $look (param $fd i32)
    (local $path i32)
    (local.set $path (i32.const 1024))
    (loop $next
      (call $put (call $path_open
        (local.get $fd) (i32.const 1)
        (i32.add (local.get $path) (i32.const 1)) (i32.load8_u (local.get $path))
        (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 512)))
      (local.set $path (i32.add (local.get $path) (i32.const 32)))
      (br_if $next (i32.le_u (local.get $path) (i32.const 1216))))
    (call $put (call $sock_accept (local.get $fd) (i32.const 0) (i32.const 512))))
  (func (export "_start")
    (local $fd i32)
    (drop (call $environ_sizes_get (i32.const 512) (i32.const 516)))
    (call $put (i32.load (i32.const 512)))
    (call $put (i32.load (i32.const 516)))
    (loop $next
      (call $look (local.get $fd))
      (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $fd) (i32.const 16))))
    (i32.store (i32.const 0) (i32.const 4096))
    (i32.store (i32.const 4) (i32.sub (global.get $out) (i32.const 4096)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
