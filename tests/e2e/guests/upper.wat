;; The fan ABI: fx gives its input in capitals, in place.
(module
  (memory (export "memory") 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "fx") (param $at i32) (param $length i32) (result i32) (local $i i32) (local $c i32)
    (loop $again
      (if (i32.lt_u (local.get $i) (local.get $length))
        (then
          (local.set $c (i32.load8_u (i32.add (local.get $at) (local.get $i))))
          (if (i32.and (i32.ge_u (local.get $c) (i32.const 97))
                       (i32.le_u (local.get $c) (i32.const 122)))
            (then
              (i32.store8 (i32.add (local.get $at) (local.get $i))
                (i32.sub (local.get $c) (i32.const 32)))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $again))))
    (local.get $length)))
