/**
 * 256 words, one for each byte, written for Holdfast: short, of things that everybody has seen, each of which is told from the
 * others by its first four letters and by ear.
 */
export const wordList: readonly string[] = `
acorn actor alarm album amber anchor angle apple april apron arrow artist atlas attic autumn axle
bacon badge bagel baker balcony bamboo banana banjo barrel basket bench beacon beard berry bicycle blanket
bonfire border bottle branch bread brick bridge bronze brush bucket buffalo butter cabin cactus camel candle
canoe canvas captain carpet carrot castle cedar cellar ceiling chalk cherry chess chimney cinema circus clay
clover coconut coffee comet compass copper coral corner cotton cradle crayon crown crystal cushion daisy dancer
delta desert diamond dinner doctor dolphin domino donkey dragon drawer drum duck eagle earth echo elbow
elephant elm emerald engine envelope eraser evening fabric falcon farmer feather fence ferry fiddle finger flame
flute forest fossil fountain fox frame frost funnel galaxy garden garlic gazelle ginger giraffe glacier glove
goblet gold goose granite grape gravel guitar hammer harbor harvest hazel helmet heron hockey honey horizon
hotel hunter iceberg igloo indigo ink island ivory jacket jaguar jasmine jelly jigsaw journey jungle kayak
kernel kettle keyboard kitchen kite koala ladder lagoon lantern laptop lawn lemon library lilac lion lizard
lobster locket magnet mango maple marble market meadow melon metal meteor mirror mitten monkey moon mosaic
motor mountain mustard napkin needle nest nickel noodle north nutmeg oasis ocean olive onion opal orbit
orchard otter oven oyster paddle panda paper parrot peach peanut pencil pepper piano pillow pilot planet
plum pocket polar pond poppy potato puzzle quarry queen quill rabbit radish raven ribbon river rocket
saddle salmon satin shovel silver spoon tiger tulip turtle velvet violin walnut window winter yellow zebra
`
  .trim()
  .split(/\s+/);
