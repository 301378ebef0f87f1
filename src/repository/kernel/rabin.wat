;; Content-defined cutting (restic/chunker): where may a chunk end?
;;
;; The digest after a byte is the 64 bytes before that point, read as a polynomial over GF(2), modulo the repository's
;; irreducible polynomial of degree 53. It depends on nothing else, so four stretches are scanned side by side, which
;; hides the latency of the table look-ups. Tables, prepared by rabin.ts, are at address 0:
;;   0     OUT[256]  i64   b * x^504 mod P, what the byte that leaves the window takes away
;;   2048  MOD[256]  i64   (b * x^53 mod P) + b * x^53, what reduces the digest after a shift by one byte
(module
  (import "holdfast" "memory" (memory 1 65536 shared))

  ;; The digest of the 64 bytes before $at.
  (func $digest (param $at i32) (result i64)
    (local $d i64) (local $p i32)
    (local.set $p (i32.sub (local.get $at) (i32.const 64)))
    (loop $next
      (local.set $d
        (i64.xor
          (i64.or (i64.shl (local.get $d) (i64.const 8)) (i64.load8_u (local.get $p)))
          (i64.load offset=2048
            (i32.and (i32.wrap_i64 (i64.shr_u (local.get $d) (i64.const 42))) (i32.const 0x7f8)))))
      (br_if $next
        (i32.lt_u (local.tee $p (i32.add (local.get $p) (i32.const 1))) (local.get $at))))
    (local.get $d))

  ;; The first position p with $from < p <= $to where the digest of the 64 bytes before p ends in 20 zero bits,
  ;; or 0 when there is none. The 64 bytes before $from must be readable.
  (func (export "scan") (param $from i32) (param $to i32) (result i32)
    (local $length i32) (local $stride i32) (local $end i32) (local $best i32)
    (local $p0 i32) (local $p1 i32) (local $p2 i32) (local $p3 i32)
    (local $d0 i64) (local $d1 i64) (local $d2 i64) (local $d3 i64)
    (block $done
      (loop $block
        (br_if $done (i32.ge_u (local.get $from) (local.get $to)))
        ;; One block of at most 32 KiB: a cut in it wastes little of the other lanes' work.
        (local.set $length (i32.sub (local.get $to) (local.get $from)))
        (if (i32.gt_u (local.get $length) (i32.const 32768)) (then (local.set $length (i32.const 32768))))
        ;; Each lane does a quarter, rounded up; lanes may overlap by a few bytes, which is harmless.
        (local.set $stride (i32.shr_u (i32.add (local.get $length) (i32.const 3)) (i32.const 2)))
        (local.set $p0 (local.get $from))
        (local.set $p1
          (i32.add (local.get $from)
            (i32.div_u (i32.sub (local.get $length) (local.get $stride)) (i32.const 3))))
        (local.set $p2
          (i32.add (local.get $from)
            (i32.div_u
              (i32.shl (i32.sub (local.get $length) (local.get $stride)) (i32.const 1)) (i32.const 3))))
        (local.set $p3
          (i32.add (local.get $from) (i32.sub (local.get $length) (local.get $stride))))
        (local.set $d0 (call $digest (local.get $p0)))
        (local.set $d1 (call $digest (local.get $p1)))
        (local.set $d2 (call $digest (local.get $p2)))
        (local.set $d3 (call $digest (local.get $p3)))
        (local.set $end (i32.add (local.get $p0) (local.get $stride)))
        (local.set $best (i32.const 0xffffffff))
        (loop $byte
          ;; lane 0: its first hit is the answer
          (local.set $d0 (i64.xor (local.get $d0)
            (i64.load (i32.shl (i32.load8_u (i32.sub (local.get $p0) (i32.const 64))) (i32.const 3)))))
          (local.set $d0
            (i64.xor
              (i64.or (i64.shl (local.get $d0) (i64.const 8)) (i64.load8_u (local.get $p0)))
              (i64.load offset=2048
                (i32.and (i32.wrap_i64 (i64.shr_u (local.get $d0) (i64.const 42))) (i32.const 0x7f8)))))
          (local.set $p0 (i32.add (local.get $p0) (i32.const 1)))
          (if (i32.eqz (i32.and (i32.wrap_i64 (local.get $d0)) (i32.const 0xfffff)))
            (then (return (local.get $p0))))
          ;; lane 1
          (local.set $d1 (i64.xor (local.get $d1)
            (i64.load (i32.shl (i32.load8_u (i32.sub (local.get $p1) (i32.const 64))) (i32.const 3)))))
          (local.set $d1
            (i64.xor
              (i64.or (i64.shl (local.get $d1) (i64.const 8)) (i64.load8_u (local.get $p1)))
              (i64.load offset=2048
                (i32.and (i32.wrap_i64 (i64.shr_u (local.get $d1) (i64.const 42))) (i32.const 0x7f8)))))
          (local.set $p1 (i32.add (local.get $p1) (i32.const 1)))
          (if (i32.eqz (i32.and (i32.wrap_i64 (local.get $d1)) (i32.const 0xfffff)))
            (then
              (if (i32.lt_u (local.get $p1) (local.get $best)) (then (local.set $best (local.get $p1))))))
          ;; lane 2
          (local.set $d2 (i64.xor (local.get $d2)
            (i64.load (i32.shl (i32.load8_u (i32.sub (local.get $p2) (i32.const 64))) (i32.const 3)))))
          (local.set $d2
            (i64.xor
              (i64.or (i64.shl (local.get $d2) (i64.const 8)) (i64.load8_u (local.get $p2)))
              (i64.load offset=2048
                (i32.and (i32.wrap_i64 (i64.shr_u (local.get $d2) (i64.const 42))) (i32.const 0x7f8)))))
          (local.set $p2 (i32.add (local.get $p2) (i32.const 1)))
          (if (i32.eqz (i32.and (i32.wrap_i64 (local.get $d2)) (i32.const 0xfffff)))
            (then
              (if (i32.lt_u (local.get $p2) (local.get $best)) (then (local.set $best (local.get $p2))))))
          ;; lane 3
          (local.set $d3 (i64.xor (local.get $d3)
            (i64.load (i32.shl (i32.load8_u (i32.sub (local.get $p3) (i32.const 64))) (i32.const 3)))))
          (local.set $d3
            (i64.xor
              (i64.or (i64.shl (local.get $d3) (i64.const 8)) (i64.load8_u (local.get $p3)))
              (i64.load offset=2048
                (i32.and (i32.wrap_i64 (i64.shr_u (local.get $d3) (i64.const 42))) (i32.const 0x7f8)))))
          (local.set $p3 (i32.add (local.get $p3) (i32.const 1)))
          (if (i32.eqz (i32.and (i32.wrap_i64 (local.get $d3)) (i32.const 0xfffff)))
            (then
              (if (i32.lt_u (local.get $p3) (local.get $best)) (then (local.set $best (local.get $p3))))))
          (br_if $byte (i32.lt_u (local.get $p0) (local.get $end))))
        (if (i32.ne (local.get $best) (i32.const 0xffffffff)) (then (return (local.get $best))))
        (local.set $from (i32.add (local.get $from) (local.get $length)))
        (br $block)))
    (i32.const 0)))
