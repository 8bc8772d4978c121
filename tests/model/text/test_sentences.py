"""Where sentences end in many languages: a bar in each text stands where one ends and the next begins."""

import pytest

from model.text.segments import sentences

TEXTS = {
    "German, ordinals": [
        "Im 2. Weltkrieg war er Soldat.| Danach kam er heim.",
        "Der II. Weltkrieg begann 1939.| Polen wurde besetzt.",
        "Am 3. Mai fuhr er ab.| Am 4. kam er an.",
        "Es war das 19. Jahrhundert.| Der 2. Teil folgt.",
        "Das 1. Kapitel ist kurz.| Die 3. Auflage erschien 2001.| Sie war teuer.",
        "Der 1. FC Köln gewann gegen Bayern.| Es war der 5. Sieg.",
        "Seit dem 2. Vatikanischen Konzil gilt das.| In 2. Auflage erschien es 1970.",
        "Zum 3. Mal gewann er.| Toll!",
        "Mein 2. Sohn heißt Jan.| Er ist 3.",
        "Am 1. Advent und am 2. Weihnachtstag ruht alles.| Schön.",
        "Vom 1. bis zum 3. Mai ist frei.| Danach nicht.",
        "Papst Johannes Paul II. reiste viel.| Kaiser Wilhelm II.| Er regierte lange.",
    ],
    "German, numbers that end a sentence": [
        "Er wurde 1990.| Dann ging er.",
        "Er hat 3.| Sie hat 4.",
        "Ich habe 20.| Das reicht.",
        "Sie kam am 5.| Anna blieb.",
        "Sie kam am 5.| Montag ist frei.",
        "Er wurde der 1.| Das war gut.",
        "Siehe Kapitel 4.| Anna kommt dort vor.",
        "Das ist Seite 3.| Blättern Sie um.",
    ],
    "German": [
        "Wir bestellten u. a. Schrauben, z.B. M8 usw.| Sie kamen.",
        "Das ist die Nr. 5.| Siehe S. 12 und Abb. 3.| Ende.",
        "Er ist ca. 30 Jahre alt, geb. am 1. Jan. 1990 in St. Gallen.| Punkt.",
        "Die Firma Müller & Co. KG liefert für 5 Mio. Euro.| Viel!",
    ],
    "English": [
        "At 9 a.m. I went home.| Then I slept.",
        "Yesterday at 9 a.m. I went out.| It rained.",
        "It was 9 a.m.| I went home.",
        "At 5 a.m. Mr. Smith went to the bank.| He left the bank at 6 P.M.| Mr. Smith then went to the store.",
        "We left at 5 p.m.| I was tired.",
        "In the U.S. I was happy.| I live in the U.S.| I like it.",
        "She arrived at 9 a.m.| He left at 5 p.m.| They never met.",
        "On Jan. 5, 2020 at 3 p.m. EST it began.| It ended soon.",
        "I am 3.| Tom is 5.| It was done in 3.| Bob left.",
        "Gov. Brown and Sen. Smith met Gen. Lee of Acme Corp. in Boston.| They agreed.",
        "I like cats, dogs, etc.| They are pets.",
        "He has a Ph.D.| She has an M.A. from Yale.",
        "J. W. Smith came.| This is item no. 5.| No.| He left.",
        "“I am tired.”| She left.| He said “I am tired.” and left.",
        "Price is Rs. 500.| It is cheap.| He paid Rs.| Nobody knew.",
    ],
    "French": [
        "M. Dupont, MM. Leroy et le Pr. Durand arrivent à 9 h.| Mme. Durand attend.",
        "« Je viens. » dit-il.| Il a dit : « Je viens. »| Puis il est parti.",
        "« Je viens.| Tu restes ? »| Elle rit.",
        "L’art. 5 de la loi dit non.| Cf. l’annexe, p. 12.",
    ],
    "Spanish": [
        "El Sr. Pérez y la Sra. Gómez viven en EE. UU. desde 1990.| EE.UU. ganó.",
        "El Dr. Gil llegó a las 9 a. m. y se fue.| Ud. lo sabe.",
        "Vive en la Avda. Sol, núm. 5, pág. 3.| ¿Sí?| ¡No!",
    ],
    "Italian": [
        "Il sig. Rossi, il dott. Verdi e l’ing. Neri abitano in via Roma, n. 5.| Sono felici.",
        "Nel sec. XIX, p.es. a Roma, era così.| La S.p.A. è chiusa.",
    ],
    "Portuguese": ["O Sr. Silva e a Dra. Costa moram na Av. Paulista, n.º 5.| No séc. XX, p. ex. em Lisboa, não."],
    "Russian": [
        "А. С. Пушкин родился в 1799 г. в Москве.| Он поэт.",
        "Цена 5 тыс. руб. за штуку.| Это и т. д. и т. п.| Потом он ушёл.",
        "Живёт на ул. Ленина, д. 5, кв. 3.| Это он и я.| Мама пришла.",
        "Проф. Иванов и акад. Петров спорят.| Рис. 5.| Ура!",
    ],
    "Ukrainian": ["У 1990 р. він поїхав до м. Києва.| Він жив на вул. Шевченка, буд. 5.| Потім поїхав."],
    "Polish": [
        "Prof. Nowak i dr Kowalski, tzn. lekarze, np. z ul. Długiej, przyszli.| Dobrze.",
        "W 1990 r. Kowalski wyjechał.| Wrócił w 2000 r.| Potem umarł.",
        "W XIX w. było inaczej, m.in. w Polsce.| 3. Maja to święto.",
    ],
    "Czech": [
        "Dne 5. května 1945 skončila 2. světová válka.| Byl mír.",
        "Např. pan Novák, tj. soused, bydlí v ul. Dlouhé č. 5.| Je tu.",
    ],
    "Hungarian": ["Kossuth u. 5. sz. alatt lakik dr. Nagy.| Itt van."],
    "Finnish": ["Hän syntyi 5. toukokuuta 1990, esim. Helsingissä.| Sitten hän lähti."],
    "Danish": ["Den 5. juni 1849 kom Grundloven.| Det var f.eks. Viborg."],
    "Dutch": ["Dhr. Jansen en mevr. Vos, d.w.z. buren, komen.| Ze zijn er."],
    "Turkish": ["Prof. Dr. Yılmaz 19. yüzyılda doğdu.| II. Dünya Savaşı bitti.| Örn. Ankara.", "Atatürk Cad. No. 5.| Burada."],
    "Vietnamese": ["TP. Hồ Chí Minh rất đẹp.| Tôi thích."],
    "Indonesian": ["Jl. Sudirman No. 5.| Di sini."],
    "Greek": ["Ο κ. Παπαδόπουλος γεννήθηκε το 1990 μ.Χ. στην Αθήνα.| Πού είναι;| Π.χ. Εδώ."],
    "Arabic": ["قال د. أحمد إنه بخير.| ثم ذهب؟| نعم!", "ولد أ.د. محمد عام 1990 م. في القاهرة، ص. 5.| ثم سافر."],
    "Hindi": [
        "डॉ. शर्मा घर गए।| वे खुश थे।",
        "इसका मूल्य रु. 500 है।| यह रु.500 है।| कीमत Rs. 500 है।| No. 5 देखो।",
        "प्रो. वर्मा, बी. ए. पास, और पं. नेहरू आए।| एम. ए. पास है।",
        "वह 5 कि.मी. चला।| वह मेरा भाई है.| मैं घर गया.",
    ],
    "Bengali": ["ডা. রহমান ও মো. আলী এলেন।| দাম রু. ৫০০।"],
    "Marathi": ["डॉ. आंबेडकर यांचा जन्म इ.स. १८९१ मध्ये झाला.| ते महान होते."],
    "Gujarati": ["શ્રી. પટેલ અને ડૉ. શાહ આવ્યા.| તેઓ ખુશ છે."],
    "Tamil": ["திரு. குமார் ரூ. 500 கொடுத்தார்.| அவர் போனார்."],
    "Telugu": ["డా. రావు రూ. 500 ఇచ్చారు.| ఆయన వెళ్ళారు."],
    "Kannada": ["ಡಾ. ರಾವ್ ರೂ. 500 ಕೊಟ್ಟರು.| ಅವರು ಹೋದರು."],
    "Malayalam": ["ഡോ. നായർ രൂ. 500 നൽകി.| അദ്ദേഹം പോയി."],
    "Thai": ["ดร. สมชาย มาจาก กทม. ราคา 5.50 บาท ที่ จ. เชียงใหม่"],
    "Korean": ["그는 3.5점을 받았다.| 기뻤다.| 정말?", '"안녕." 하고 말했다.| “좋다.”라고 했다.'],
    "Japanese": [
        "「行く。」と言った。|彼は帰った。",
        "彼は「行く。」と言った。|彼は帰った。",
        "「もう行く。明日来る。」と言った。",
        "『本当？』って聞いた。|「はい！」とのこと。",
        "「だめだ！」なんて言えない。|私は「すごい！」を連発した。",
        "彼は「好き。」「嫌い。」と言った。",
        "彼は「はい。」と「いいえ。」を言った。|次。",
        "「ありがとう。」という言葉。|「好き。」が口癖だ。",
        "「何？」と、彼は聞いた。|「本当ですか？」 と彼は言った。",
        "「行く。」|彼は立った。|「終わり。」|とうとう帰った。",
        "彼は言った。|「行く。」|そして帰った。|と、その時。",
        "「行く。|明日来る。」|彼は帰った。",
    ],
    "Chinese": [
        "“我走了。”他说。|天黑了。",
        "“真的吗？”她问道。|没人回答。",
        "他问：“为什么？”|没人知道。|“好。”|我想走。",
        "「我走了。」他說。|「好！」她笑着说。",
    ],
}
CASES = [(language, text) for language, texts in TEXTS.items() for text in texts]


@pytest.mark.parametrize(("language", "text"), CASES, ids=[f"{language} {i}" for i, (language, _) in enumerate(CASES)])
def test_where_sentences_end(language, text):
    plain = text.replace("|", "")
    assert "|".join(plain[start:end] for start, end in sentences(plain, 0, len(plain))) == text
