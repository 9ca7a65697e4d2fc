/**
 * Texts as people write them, by language or kind, a sentence or two each: what a token estimate is held against.
 */
export const sampleTexts: Readonly<Record<string, string>> = {
  English:
    'A wide, low-angle shot of a warehouse at dawn: an orange robotic arm lifts cardboard boxes from a conveyor belt while dust drifts through beams of warm sunlight. The camera slowly dollies forward, and the reflections on the polished concrete floor shimmer as a forklift passes in the background.',
  'English, plain words':
    'A small red car drives down a wet street at night. People walk by with umbrellas and the lights of the shops shine on the road. The camera follows the car as it turns left and stops in front of an old house.',
  'English, film jargon':
    'Photorealistic Houdini pyro sim, anamorphic bokeh, rack focus, volumetric godrays, subsurface scattering, chromatic aberration, Kodak Vision3 500T emulation, handheld dolly-zoom, teal-and-orange grading, 35mm grain, hyperdetailed micro-scratches.',
  German:
    'Eine langsame Kamerafahrt durch eine Lagerhalle im Morgengrauen: Ein orangefarbener Roboterarm hebt Kartons vom Förderband, während Staub durch warme Sonnenstrahlen schwebt und sich das Licht auf dem glänzenden Betonboden spiegelt. Im Hintergrund fährt ein Gabelstapler vorüber.',
  French:
    "Un long travelling avant dans un entrepôt à l'aube : un bras robotisé orange soulève des cartons d'un tapis roulant, tandis que la poussière flotte dans les rayons chauds du soleil. À l'arrière-plan, un chariot élévateur passe et son reflet glisse sur le béton ciré.",
  Spanish:
    'Una toma amplia de un almacén al amanecer: un brazo robótico naranja levanta cajas de cartón de una cinta transportadora mientras el polvo flota entre los rayos cálidos del sol. ¿Se mueve la cámara? ¡Sí, lentamente hacia el niño!',
  Italian:
    "Un'inquadratura ampia di un magazzino all'alba: un braccio robotico arancione solleva scatole di cartone da un nastro trasportatore mentre la polvere fluttua nei caldi raggi del sole. La città è già sveglia, perché il caffè è pronto.",
  Portuguese:
    'Uma tomada ampla de um armazém ao amanhecer: um braço robótico laranja levanta caixas de papelão de uma esteira enquanto a poeira flutua nos raios quentes do sol. As crianças não estão lá; só há silêncio e emoção.',
  Vietnamese:
    'Một cảnh quay rộng trong nhà kho lúc bình minh: cánh tay robot màu cam nhấc những thùng các tông khỏi băng chuyền trong khi bụi bay qua những tia nắng ấm áp. Máy quay tiến chậm về phía trước và ánh sáng phản chiếu lung linh trên nền bê tông bóng loáng.',
  Turkish:
    'Şafak vakti bir deponun geniş açılı görüntüsü: turuncu bir robot kol, sıcak güneş ışınları arasında tozlar süzülürken taşıma bandından karton kutuları kaldırıyor. Kamera yavaşça ilerliyor ve parlak beton zemindeki yansımalar ışıldıyor.',
  Polish:
    'Szerokie ujęcie magazynu o świcie: pomarańczowe ramię robota podnosi kartonowe pudła z taśmociągu, a kurz unosi się w ciepłych promieniach słońca. Kamera powoli sunie naprzód, odbicia na wypolerowanej betonowej podłodze migoczą.',
  Czech:
    'Široký záběr skladu za úsvitu: oranžové robotické rameno zvedá krabice z dopravníku, zatímco prach se vznáší v teplých paprscích slunce. Příliš žluťoučký kůň úpěl ďábelské ódy.',
  Hungarian:
    'Raktár széles látószögű felvétele hajnalban: egy narancssárga robotkar kartondobozokat emel le a szállítószalagról, miközben a por meleg napsugarakban lebeg. Árvíztűrő tükörfúrógép.',
  Finnish:
    'Laaja kuva varastosta aamunkoitteessa: oranssi robottikäsivarsi nostaa pahvilaatikoita liukuhihnalta, kun pöly leijuu lämpimissä auringonsäteissä. Kamera liikkuu hitaasti eteenpäin kiiltävällä betonilattialla.',
  Indonesian:
    'Pengambilan gambar lebar sebuah gudang saat fajar: lengan robot berwarna oranye mengangkat kotak kardus dari ban berjalan sementara debu melayang di antara sinar matahari yang hangat.',
  Swahili:
    'Picha pana ya ghala alfajiri: mkono wa roboti wa rangi ya chungwa unainua masanduku kutoka kwenye mkanda huku vumbi likielea katika miale ya jua yenye joto.',
  Russian:
    'Широкий план склада на рассвете: оранжевый роботизированный манипулятор поднимает картонные коробки с конвейера, а пыль плывёт в тёплых лучах солнца. Камера медленно движется вперёд, и отражения мерцают на полированном бетонном полу.',
  Ukrainian:
    'Широкий план складу на світанку: помаранчева роботизована рука піднімає картонні коробки з конвеєра, а пил пливе в теплих променях сонця. Камера повільно рухається вперед.',
  Greek:
    'Ευρύ πλάνο μιας αποθήκης την αυγή: ένας πορτοκαλί ρομποτικός βραχίονας σηκώνει χαρτόκουτα από έναν ιμάντα, ενώ η σκόνη αιωρείται στις ζεστές ακτίνες του ήλιου.',
  Arabic:
    'لقطة واسعة لمستودع عند الفجر: ذراع روبوتية برتقالية ترفع صناديق كرتونية عن حزام ناقل بينما يطفو الغبار في أشعة الشمس الدافئة. تتحرك الكاميرا ببطء إلى الأمام.',
  Hebrew:
    'צילום רחב של מחסן עם שחר: זרוע רובוטית כתומה מרימה קופסאות קרטון ממסוע בזמן שאבק מרחף בקרני שמש חמימות.',
  Hindi:
    'भोर के समय एक गोदाम का चौड़ा दृश्य: नारंगी रोबोटिक भुजा कन्वेयर बेल्ट से गत्ते के डिब्बे उठाती है, जबकि धूल गर्म धूप की किरणों में तैरती है। कैमरा धीरे-धीरे आगे बढ़ता है।',
  Bengali:
    'ভোরবেলায় একটি গুদামের প্রশস্ত দৃশ্য: কমলা রঙের রোবটিক বাহু কনভেয়র বেল্ট থেকে কার্ডবোর্ডের বাক্স তুলছে, আর ধুলো উষ্ণ রোদে ভাসছে।',
  Tamil: 'விடியற்காலையில் ஒரு கிடங்கின் பரந்த காட்சி: ஆரஞ்சு நிற ரோபோ கை அட்டைப் பெட்டிகளை உயர்த்துகிறது.',
  Thai: 'ภาพมุมกว้างของโกดังยามรุ่งสาง แขนหุ่นยนต์สีส้มยกกล่องกระดาษขึ้นจากสายพานลำเลียง ขณะที่ฝุ่นลอยอยู่ในลำแสงอาทิตย์อันอบอุ่น กล้องเคลื่อนไปข้างหน้าอย่างช้าๆ',
  Japanese:
    '夜明けの倉庫を広角で捉えたショット。オレンジ色のロボットアームがベルトコンベアから段ボール箱を持ち上げ、暖かい陽光の中をほこりが漂う。カメラはゆっくりと前進し、磨かれたコンクリートの床に反射がきらめく。',
  'Chinese, simplified':
    '黎明时分仓库的广角镜头：橙色的机械臂从传送带上抬起纸箱，灰尘在温暖的阳光中飘浮。摄影机缓缓向前推进，抛光的混凝土地面上倒影闪烁，一辆叉车从背景中驶过。',
  'Chinese, traditional':
    '黎明時分倉庫的廣角鏡頭：橙色的機械手臂從輸送帶上抬起紙箱，灰塵在溫暖的陽光中飄浮。攝影機緩緩向前推進，拋光的混凝土地面上倒影閃爍，一輛堆高機從背景中駛過。',
  Korean:
    '새벽녘 창고의 광각 숏: 주황색 로봇 팔이 컨베이어 벨트에서 골판지 상자를 들어 올리고, 따뜻한 햇살 사이로 먼지가 떠다닌다. 카메라는 천천히 앞으로 이동한다.',
  emoji: '👩‍👩‍👧‍👦 🇩🇪🇯🇵🇧🇷 👍🏽👋🏿 🤖🦾📦🌅 ❤️‍🔥 🏴‍☠️ 👨🏻‍🚀🚀 1️⃣ ☀️✨🎬 😀😃😄 🫠🫡🪿',
  'emoji in text':
    'A robot 🤖 lifts a box 📦 at dawn 🌅, then waves 👋🏽 to the crew 👩‍🔧👨‍🔧. Beautiful! 😍✨',
  numbers:
    '1234567890 3.14159265 1,000,000 2024-11-05T09:30:00Z 0x7fffffff 192.168.0.1:8080 1e-9 24/1.001 fps, 1920x1080@59.94',
  code: 'export async function getFrameAtTime(videoUrl: string, timeMs = 0): Promise<ImageData | null> {\n  const el = document.createElement("video");\n  el.src = videoUrl + `#t=` + timeMs / 1000;\n  await new Promise((r) => el.addEventListener("loadeddata", r, { once: true }));\n  return ctx?.getImageData(0, 0, el.videoWidth, el.videoHeight) ?? null;\n}\n',
  python:
    'def smart_resize(height, width, factor=28, min_pixels=56 * 56):\n    """Rescale the image."""\n    if max(height, width) / min(height, width) > 200:\n        raise ValueError(f"aspect ratio {max(height, width)}")\n\tfor i in range(0, len(xs), 2):\n\t\txs[i] += xs[i-1] ** 2\n    return h_bar, w_bar\n',
  URLs: 'See https://example.com/assets/v2/clips/warehouse_robot-A01.mp4?frame=120&token=aZ3kQ9xW#t=4.5 and s3://bucket-name/path/to/IMG_20240511_183022.exr',
  JSON: '{"scene":{"camera":{"fov":35.5,"position":[0.25,-1.5,12],"look_at":null},"lights":[{"type":"area","intensity":1250}]}}',
  'upper case':
    'WIDE SHOT OF A WAREHOUSE AT DAWN: AN ORANGE ROBOTIC ARM LIFTS CARDBOARD BOXES WHILE DUST DRIFTS THROUGH WARM SUNLIGHT.',
  gibberish:
    'xkqzv wpfjb qwzrtlm gvhxc bnmqpl zzkrw ptfqj vxlnd hjkqs wqvbz rtyplk mnbvcx zqxwc jfkdl qpwoei',
  'random base64': 'fGh3kZ0pQx9vLm2Wc7Yt5BnRsE1uJd8Ka4OiXy6TgHqPlVbNzMwCeFrSjDkUoIa+/Q3x8Zt7==',
  hex: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'long run':
    'supercalifragilisticexpialidociousantidisestablishmentarianismpneumonoultramicroscopicsilicovolcanoconiosis'.repeat(
      3,
    ),
  'one letter': 'a'.repeat(500),
  'control characters':
    '\u0000\u0001\u0002 tab\tbell\u0007 esc\u001b[31m del\u007f\u0085\u200b\u200d\ufeff zero\u00a0width\r\n\r\n\n\n   end   ',
  'lone surrogates': 'a\ud800b \udc00\udc00 \ud83d x\ude00',
  'special tokens': '<|endoftext|> <|im_start|>user<|im_end|> [INST] hello [/INST] <s></s>',
  punctuation: '!!!??? --- ... ~~~ *** ((())) [[{}]] <<>> @@## $%^&* +=_ \\\\ || `` "\'"\' ;;;; ::',
  mathematics: '∀x∈ℝ: ∑ᵢ₌₁ⁿ xᵢ² ≥ 0 ∧ ∂f/∂x ≠ ∞, ½ ⅓ x³ → π≈3.14, 𝔸𝕓𝒸 ①②③ Ⅳ',
};

/** Prompts in English as they stand in PromptSpecs, short and long. */
export const englishPrompts: readonly string[] = [
  'A robot arm picks up a red cube from a wooden table and places it in a blue bin.',
  'Drone footage of a coastal highway at sunset, waves crashing against the cliffs below.',
  'A chef slices vegetables on a marble counter while steam rises from a pot on the stove behind her.',
  'Two children run through a field of tall grass; the camera follows at knee height, slightly out of focus.',
  'Rain falls on a neon-lit alley. A courier on an electric bike passes, tyres hissing on the wet asphalt.',
  'The autonomous truck merges onto a snowy interstate, headlights cutting through the fog.',
  'Close-up of molten glass being shaped by a glassblower, glowing orange against a dark workshop.',
  'Time-lapse of a construction site: cranes swing, concrete is poured, and a steel frame rises floor by floor.',
  'An astronaut floats past the station window. Earth turns slowly beneath her, its clouds bright with morning light.',
  'A forklift lifts a pallet of boxes in a warehouse, turns left and drives down the aisle towards the loading dock.',
  'Slow motion of a hummingbird hovering at a feeder, each wingbeat visible, with a blurred garden in the background.',
  'A dashcam view of a busy roundabout in the rain, with cyclists, a delivery van and a pedestrian with an umbrella.',
];
