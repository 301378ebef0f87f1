;; Poly1305 (RFC 8439, section 2.5) with limbs of 32 bits: products of a clamped limb (28 bits) and a sum of two limbs
;; (33 bits) leave room to add five of them in 64 bits, so a block needs 21 multiplications and one pass of carries.
;;
;; State, 64 bytes aligned to 8 at $state:
;;   0  r (16, clamped)   16  s (16)   32  h (5 x 32 bits; zero to begin with)
(module
  (import "holdfast" "memory" (memory 1 65536 shared))

  ;; Absorbs the whole blocks of the $length bytes at $at; $high is 1, or 0 for a last block that carries its own one bit.
  (func $absorb (export "absorb") (param $state i32) (param $at i32) (param $length i32) (param $high i32)
    (local $end i32)
    (local $r0 i64) (local $r1 i64) (local $r2 i64) (local $r3 i64)
    (local $q0 i64) (local $q1 i64) (local $q2 i64) (local $q3 i64) (local $r0low i64)
    (local $h0 i64) (local $h1 i64) (local $h2 i64) (local $h3 i64) (local $h4 i64)
    (local $x0 i64) (local $x1 i64) (local $x2 i64) (local $x3 i64) (local $u i64) (local $c i64)
    (local.set $end (i32.add (local.get $at) (i32.and (local.get $length) (i32.const -16))))
    (local.set $r0 (i64.load32_u (local.get $state)))
    (local.set $r1 (i64.load32_u offset=4 (local.get $state)))
    (local.set $r2 (i64.load32_u offset=8 (local.get $state)))
    (local.set $r3 (i64.load32_u offset=12 (local.get $state)))
    ;; q = 5/4 r: what r's limbs are worth when the product passes 2^130. Clamping made them divisible by 4, except r0,
    ;; whose two low bits are added apart.
    (local.set $q0 (i64.mul (i64.shr_u (local.get $r0) (i64.const 2)) (i64.const 5)))
    (local.set $q1 (i64.mul (i64.shr_u (local.get $r1) (i64.const 2)) (i64.const 5)))
    (local.set $q2 (i64.mul (i64.shr_u (local.get $r2) (i64.const 2)) (i64.const 5)))
    (local.set $q3 (i64.mul (i64.shr_u (local.get $r3) (i64.const 2)) (i64.const 5)))
    (local.set $r0low (i64.and (local.get $r0) (i64.const 3)))
    (local.set $h0 (i64.load32_u offset=32 (local.get $state)))
    (local.set $h1 (i64.load32_u offset=36 (local.get $state)))
    (local.set $h2 (i64.load32_u offset=40 (local.get $state)))
    (local.set $h3 (i64.load32_u offset=44 (local.get $state)))
    (local.set $h4 (i64.load32_u offset=48 (local.get $state)))
    (block $done
      (loop $block
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $h0 (i64.add (local.get $h0) (i64.load32_u (local.get $at))))
        (local.set $h1 (i64.add (local.get $h1) (i64.load32_u offset=4 (local.get $at))))
        (local.set $h2 (i64.add (local.get $h2) (i64.load32_u offset=8 (local.get $at))))
        (local.set $h3 (i64.add (local.get $h3) (i64.load32_u offset=12 (local.get $at))))
        (local.set $h4 (i64.add (local.get $h4) (i64.extend_i32_u (local.get $high))))
        (local.set $x0
          (i64.add
            (i64.add (i64.mul (local.get $h0) (local.get $r0)) (i64.mul (local.get $h1) (local.get $q3)))
            (i64.add
              (i64.add (i64.mul (local.get $h2) (local.get $q2)) (i64.mul (local.get $h3) (local.get $q1)))
              (i64.mul (local.get $h4) (local.get $q0)))))
        (local.set $x1
          (i64.add
            (i64.add (i64.mul (local.get $h0) (local.get $r1)) (i64.mul (local.get $h1) (local.get $r0)))
            (i64.add
              (i64.add (i64.mul (local.get $h2) (local.get $q3)) (i64.mul (local.get $h3) (local.get $q2)))
              (i64.mul (local.get $h4) (local.get $q1)))))
        (local.set $x2
          (i64.add
            (i64.add (i64.mul (local.get $h0) (local.get $r2)) (i64.mul (local.get $h1) (local.get $r1)))
            (i64.add
              (i64.add (i64.mul (local.get $h2) (local.get $r0)) (i64.mul (local.get $h3) (local.get $q3)))
              (i64.mul (local.get $h4) (local.get $q2)))))
        (local.set $x3
          (i64.add
            (i64.add (i64.mul (local.get $h0) (local.get $r3)) (i64.mul (local.get $h1) (local.get $r2)))
            (i64.add
              (i64.add (i64.mul (local.get $h2) (local.get $r1)) (i64.mul (local.get $h3) (local.get $r0)))
              (i64.mul (local.get $h4) (local.get $q3)))))
        (local.set $c
          (i64.add (i64.mul (local.get $h4) (local.get $r0low)) (i64.shr_u (local.get $x3) (i64.const 32))))
        (local.set $u
          (i64.add
            (i64.mul (i64.shr_u (local.get $c) (i64.const 2)) (i64.const 5))
            (i64.and (local.get $x0) (i64.const 0xffffffff))))
        (local.set $h0 (i64.and (local.get $u) (i64.const 0xffffffff)))
        (local.set $u
          (i64.add
            (i64.add (i64.shr_u (local.get $u) (i64.const 32)) (i64.shr_u (local.get $x0) (i64.const 32)))
            (i64.and (local.get $x1) (i64.const 0xffffffff))))
        (local.set $h1 (i64.and (local.get $u) (i64.const 0xffffffff)))
        (local.set $u
          (i64.add
            (i64.add (i64.shr_u (local.get $u) (i64.const 32)) (i64.shr_u (local.get $x1) (i64.const 32)))
            (i64.and (local.get $x2) (i64.const 0xffffffff))))
        (local.set $h2 (i64.and (local.get $u) (i64.const 0xffffffff)))
        (local.set $u
          (i64.add
            (i64.add (i64.shr_u (local.get $u) (i64.const 32)) (i64.shr_u (local.get $x2) (i64.const 32)))
            (i64.and (local.get $x3) (i64.const 0xffffffff))))
        (local.set $h3 (i64.and (local.get $u) (i64.const 0xffffffff)))
        (local.set $h4
          (i64.add (i64.shr_u (local.get $u) (i64.const 32)) (i64.and (local.get $c) (i64.const 3))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $block)))
    (i64.store32 offset=32 (local.get $state) (local.get $h0))
    (i64.store32 offset=36 (local.get $state) (local.get $h1))
    (i64.store32 offset=40 (local.get $state) (local.get $h2))
    (i64.store32 offset=44 (local.get $state) (local.get $h3))
    (i64.store32 offset=48 (local.get $state) (local.get $h4)))

  ;; Reduces h fully, adds s, and writes the 16 bytes of the tag at $out.
  (func (export "finish") (param $state i32) (param $out i32)
    (local $c i64) (local $i i32) (local $p i32)
    ;; h >= 2^130 - 5 exactly when h + 5 carries past bit 130: that carry, worth 5, is added before cutting at 2^128.
    (local.set $c (i64.const 5))
    (local.set $c (i64.shr_u (i64.add (local.get $c) (i64.load32_u offset=32 (local.get $state))) (i64.const 32)))
    (local.set $c (i64.shr_u (i64.add (local.get $c) (i64.load32_u offset=36 (local.get $state))) (i64.const 32)))
    (local.set $c (i64.shr_u (i64.add (local.get $c) (i64.load32_u offset=40 (local.get $state))) (i64.const 32)))
    (local.set $c (i64.shr_u (i64.add (local.get $c) (i64.load32_u offset=44 (local.get $state))) (i64.const 32)))
    (local.set $c (i64.add (local.get $c) (i64.load32_u offset=48 (local.get $state))))
    (local.set $c (i64.mul (i64.shr_u (local.get $c) (i64.const 2)) (i64.const 5)))
    (loop $limb
      (local.set $p (i32.add (local.get $state) (local.get $i)))
      (local.set $c
        (i64.add (local.get $c)
          (i64.add (i64.load32_u offset=16 (local.get $p)) (i64.load32_u offset=32 (local.get $p)))))
      (i64.store32 (i32.add (local.get $out) (local.get $i)) (local.get $c))
      (local.set $c (i64.shr_u (local.get $c) (i64.const 32)))
      (br_if $limb (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 16))))))
