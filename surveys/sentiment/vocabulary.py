"""Hand-written word lists by which a comment's language is told: small words, and words of service."""

from typing import Final

# Each list holds the words that stand in almost any sentence, then those of customers' comments.
# A word may stand in several lists; its weight is then shared among them.
WORDS: Final = {
    "en": """
        the of and to a in is it i you he she we they that this was for on are as with be at have
        had has not but from or an by what all were when your can could would will should there
        their my me our us do does did don't didn't doesn't isn't wasn't can't couldn't won't i'm
        i've it's been being if which who them then than so some any how why where about out up
        just into more most very too also only after before because these those her his its over
        again never always every other much many no now here off while get got make made
        good great bad poor service customer support staff price product time easy quick slow
        nothing everything people really well better best worst work works working thanks thank
        you love loved like nice excellent friendly helpful delivery order ordered shipping refund
        money call called phone wait waited waiting problem issue experience recommend amazing
        terrible awful happy disappointed rude late fast need needs still even use used using
        """,
    "de": """
        der die das und ist nicht ein eine einen einem einer ich du er sie es wir ihr mit auf für
        von dem den des zu zum zur im in am an als auch aus bei nach noch nur oder aber wie was wenn
        war waren hat habe haben hatte wurde werden wird sind sehr so schon sich mich mir mein meine
        meinen uns unser kein keine kann man mehr immer wieder bis durch über um vom vor gegen dass
        daß weil nichts alles sein ihre ihren diese dieser dieses gibt bin leider doch hier
        gut gute guter schlecht schnell schnelle lieferung bestellung preis danke zufrieden
        freundlich unfreundlich super service mitarbeiter kunde kunden kundenservice qualität
        geld wochen tage warten telefon niemand endlich einfach funktioniert nie toll alle ganz
        """,
    "fr": """
        le la les un une des du de et est en que qui dans pour pas sur au aux avec ce cette ces il
        elle on nous vous ils je j'ai c'est n'est n'ai qu'il d'un d'une l'on mais ou où ne se sa son
        ses leur leurs mon ma mes notre votre nos vos par plus très tout tous toute bien être avoir
        était été ai as a sont fait faire comme si même aussi sans rien jamais encore trop peu après
        avant depuis quand alors donc car y m'a m'ont s'est
        bon bonne mauvais mauvaise service livraison commande produit prix merci rapide lent client
        clientèle personnel équipe qualité satisfait satisfaite déçu déçue attente téléphone
        problème jours semaines semaine personne impossible facile remboursement heures accueil
        """,
    "es": """
        el la los las un una unos unas de del y es en que no se por con para su sus al lo le les me
        mi mis te tu nos como más pero muy ya o si sí porque cuando donde qué sin sobre también
        hasta hay son está están fue ha han he ser era este esta esto ese esa eso todo todos todas
        nada nunca siempre bien mal desde entre después antes tiene tengo hace hacer solo sólo
        bueno buena malo mala excelente servicio atención cliente pedido envío entrega producto
        precio calidad gracias rápido rápida lento personal amable semanas días dinero teléfono
        problema nadie fácil contento contenta satisfecho recomiendo llegó pésimo horas mejor
        """,
    "it": """
        il lo la i gli le un uno una di del della dello dei delle degli da dal dalla e è in nel
        nella che non si per con su sul sulla al alla alle ai come più ma molto anche mi ci vi ne
        se sono ho hai ha abbiamo hanno era stato stata essere questo questa questi quello tutto
        tutti tutte niente nessuno mai sempre bene male dopo prima quando dove perché poi solo ancora
        buono buona ottimo ottima pessimo pessima servizio assistenza cliente clienti ordine
        consegna prodotto prezzo qualità grazie veloce lento personale gentile gentili settimane
        giorni soldi telefono problema facile soddisfatto soddisfatta consiglio arrivato ore
        """,
    "pt": """
        o a os as um uma de do da dos das e é em no na nos nas que não se por para com ao aos à
        seu sua meu minha como mais mas muito muita já ou ser foi são está estão tem tenho tinha
        isso isto este esta esse essa tudo todos nada nunca sempre bem mal depois antes quando onde
        porque também só até sem sobre ele ela eles nós você me ainda fazer pelo pela
        bom boa ruim ótimo ótima péssimo péssima serviço atendimento cliente pedido entrega produto
        preço qualidade obrigado obrigada rápido rápida lento semanas dias dinheiro telefone
        problema ninguém fácil satisfeito satisfeita recomendo chegou horas melhor empresa demora
        """,
    "nl": """
        de het een en van is in dat op te niet met voor zijn ik je we wij ze zij hij er maar om ook
        aan als bij naar nog wel geen dan door over uit heel erg meer zeer mijn ons onze hun deze
        dit die wat hoe waar wanneer omdat was waren werd wordt worden heb hebt heeft hebben had kan
        kunnen moet moest altijd nooit niets alles iets weer na tot tegen jullie u uw kon ben
        goed goede slecht slechte snel snelle levering bestelling bestelde klant klanten
        klantenservice medewerker medewerkers vriendelijk prijs kwaliteit bedankt dank tevreden
        teleurgesteld weken dagen geld telefoon niemand makkelijk wachten uren jammer fijn prima
        """,
    "pl": """
        i w z na do nie się że jest to za o od po jak ale co już tak czy był była było były są być
        mam ma mi mnie moja mój moje nas nam ten ta te tego tej tym który która które przez przy dla
        bardzo tylko jeszcze też oraz bez ani nic nikt zawsze nigdy wszystko kiedy gdzie ponieważ
        bo więc może można jego jej ich po pod przed
        dobry dobra dobrze zły źle szybko szybka dostawa zamówienie obsługa klienta produkt cena
        jakość dziękuję polecam zadowolony zadowolona tygodni dni pieniądze telefon problem łatwo
        obsługi super miła czekałem czekać godzin firma kontakt
        """,
    "sv": """
        och i att det som en ett på är av för med den till inte han hon jag vi ni de var har hade
        om så men från kan ska skulle mycket mer när eller man sig min mitt mina er era vår våra
        här där efter bara inget ingen inga alla allt också utan vid blir blev hur vad varför nu
        bra dålig dåligt dålig snabb snabbt leverans beställning kund kundtjänst personal trevlig
        pris kvalitet tack nöjd besviken veckor dagar pengar telefon lätt vänta väntade timmar svar
        aldrig alltid fungerar väldigt service mig få fick
        """,
    "da": """
        og i at det som en et på er af for med den til ikke han hun jeg vi de var har havde om så
        men fra kan skal skulle meget mere når eller man sig min mit mine jeres vores her der efter
        kun intet ingen alle alt også uden ved bliver blev hvor hvad hvorfor nu jer
        god godt dårlig dårligt hurtig hurtigt levering bestilling kunde kundeservice personale
        venlig pris kvalitet tak tilfreds skuffet uger dage penge telefon nemt vente ventede timer
        svar aldrig altid virker service mig få fik meget
        """,
    "nb": """
        og i at det som en et på er av for med den til ikke han hun jeg vi de var har hadde om så
        men fra kan skal skulle veldig mer når eller man seg min mitt mine deres våre her der etter
        bare ingenting ingen alle alt også uten ved blir ble hvor hva hvorfor nå dere ei
        god bra dårlig rask raskt levering bestilling kunde kundeservice personalet hyggelig pris
        kvalitet takk fornøyd skuffet uker dager penger telefon enkelt vente ventet timer svar
        aldri alltid fungerer service meg få fikk
        """,
    "fi": """
        ja on ei että se oli mutta en ole olen olin hän me te he tämä nämä joka jotka kun jos niin
        myös kuin vain jo vielä mitä miten missä koska sitten minä minun minulle meille mikä ovat
        olla ollut olisi voi ihan aina koskaan kaikki mitään hyvin paljon enää kanssa ilman ennen
        jälkeen tai sekä nyt
        hyvä hyvää huono huonoa nopea nopeasti palvelu palvelua asiakaspalvelu toimitus tilaus tuote
        hinta laatu kiitos tyytyväinen pettynyt viikkoa päivää rahat puhelin helppo odottaa
        ystävällinen toimi erittäin todella
        """,
    "cs": """
        a v na se je že to s z do o i jako ale za po od jsem jsme jste byl byla bylo byly být mi
        mě ne není nebo tak už co který která které pro při jen ještě také velmi moc bez nic nikdo
        vždy nikdy všechno když kde protože aby tento tato toto jeho její jejich mám má ve si
        dobrý dobrá dobře dobré špatný špatná špatně rychle rychlé rychlá dodání objednávka
        zákazník zákazníka obsluha podpora výrobek cena kvalita děkuji spokojen spokojená spokojený
        týdny dní peníze telefon problém snadné čekat zboží doporučuji hodin
        """,
    "sk": """
        a v na sa je že to s z do o i ako ale za po od som sme ste bol bola bolo boli byť mi ma
        nie alebo tak už čo ktorý ktorá ktoré pre pri len ešte tiež veľmi bez nič nikto vždy nikdy
        všetko keď kde pretože aby tento táto toto jeho jej ich mám má vo si
        dobrý dobrá dobre dobré zlý zlá zle rýchle rýchla dodanie objednávka zákazník obsluha
        podpora výrobok cena kvalita ďakujem spokojný spokojná týždne dní peniaze telefón problém
        čakať tovar odporúčam hodín
        """,
    "hu": """
        a az és hogy nem is egy ez volt de meg csak már mint van vagy ha még el be ki le nagyon
        jó minden sem aki ami amit mert után akkor kell lehet lesz nincs vannak voltam vagyok én mi
        ti ők nekem nekünk mindig soha semmi senki itt ott hol mikor miért
        rossz gyors lassú szállítás rendelés ügyfélszolgálat vevő termék ár minőség köszönöm
        elégedett csalódott hét nap pénz telefon probléma könnyű várni kedves segítőkész kiváló
        ajánlom órát
        """,
    "ro": """
        și şi de la în a cu nu că este pe pentru un o din mai am ai au fost care sunt se le lui
        al ale ca să dar sau foarte tot toate toți dacă când unde ce cum fără după mereu niciodată
        nimic nimeni îmi mi îi mă ne vă am-am are avea doar încă această acest aceste era
        bun bună bine rău rea rapid rapidă livrare livrarea comandă comanda client clienți produs
        produsul preț calitate mulțumesc mulțumit mulțumită dezamăgit săptămâni zile bani telefon
        problemă ușor așteptat recomand serviciu servicii ore personalul
        """,
    "tr": """
        ve bir bu da de için çok ile ne ama daha o ben biz siz onlar gibi kadar sonra en mi mı mu mü
        değil var yok her hiç ki olarak olan oldu olduğu ise şey bana bize beni benim bizim neden
        nasıl çünkü veya hem artık hala zaman diye kendi göre tüm
        iyi kötü güzel hızlı yavaş teslimat sipariş siparişim müşteri hizmet hizmeti hizmetleri
        ürün fiyat kalite teşekkürler teşekkür memnun memnunum kaldım hafta gün para telefon sorun
        kolay bekledim bekleme geldi geç kimse aldım destek personel
        """,
    "hr": """
        i u je se na da za su od s sa ne što to kao ali ili sam smo ste bio bila bilo bili biti mi
        me nije nisu nema koji koja koje kod pri samo još već također vrlo jako bez ništa nitko
        uvijek nikad nikada sve kad kada gdje jer ovo ova ovaj njegov njihov imam ima po do iz
        dobar dobra dobro loš loša loše brzo brza dostava narudžba kupac usluga podrška proizvod
        cijena kvaliteta hvala zadovoljan zadovoljna tjedana dana novac telefon problem lako
        čekati preporučujem sati osoblje
        """,
    "ca": """
        el la els les un una uns unes de del dels i és en que no es per amb al als ho li em meu
        meva com més però molt ja o si perquè quan on què sense sobre també fins hi són està estan
        va ha han he ser era aquest aquesta això tot tots totes res mai sempre bé malament des
        bo bona dolent servei atenció client comanda lliurament producte preu qualitat gràcies
        ràpid lent setmanes dies diners telèfon problema ningú fàcil content satisfet hores
        """,
    "id": """
        yang dan di ke dari ini itu tidak untuk dengan pada adalah saya kami kita anda dia mereka
        ada akan sudah belum juga atau tapi tetapi karena bisa dapat sangat lebih saat oleh sebagai
        dalam telah hanya lagi kalau jika semua tak banyak seperti masih harus sekali tanpa setelah
        baik bagus buruk cepat lambat pelayanan layanan pengiriman pesanan pelanggan produk barang
        harga kualitas terima kasih puas kecewa minggu hari uang telepon masalah mudah menunggu
        ramah staf mantap jam
        """,
    "vi": """
        và là của có không được cho một với trong này đã các những tôi bạn chúng người khi thì mà
        ở đến từ như rất cũng để về lại ra vào nhưng nên vì sẽ đang còn nếu hay quá lắm chưa ai gì
        tốt xấu tệ nhanh chậm giao hàng dịch vụ khách sản phẩm giá chất lượng cảm ơn hài lòng thất
        vọng tuần ngày tiền điện thoại dễ chờ nhân viên tình
        """,
    "ru": """
        и в не на что я с он как это по но они мы к у вы за из от так же все всё бы был была было
        были быть для до о мне меня мой очень уже или если только еще ещё нет когда где при со без
        ничего никто всегда никогда потому чтобы который этот спасибо хорошо хороший плохо плохой
        быстро доставка заказ качество цена обслуживание товар доволен довольна дней деньги
        """,
    "uk": """
        і в не на що я з він як це по але вони ми до у ви за із від так же все був була було були
        бути для мені мене мій дуже вже або якщо тільки ще ні коли де при без нічого ніхто завжди
        ніколи тому щоб який цей та й дякую добре добрий погано поганий швидко доставка замовлення
        якість ціна обслуговування товар задоволений днів гроші
        """,
    "bg": """
        и в не на че аз с той като това по но те ние към у вие за из от така да се си е съм са сме
        беше бяха бъде до ми ме моят много вече или ако само още няма когато където при без нищо
        никой винаги никога защото който този тази ще благодаря добре добър лошо лош бързо доставка
        поръчка качество цена обслужване стока доволен дни пари от са ли
        """,
    "sr": """
        и у не на што ја са он као то по али они ми ка ви за из од тако да се си је сам су смо био
        била било били бити до ме мој веома врло већ или ако само још нема када где при без ништа
        нико увек никад јер који овај ова хвала добро добар лоше лош брзо достава квалитет цена
        услуга роба задовољан дана новац
        """,
}

# Letters beyond a to z that each language writes with.
LETTERS: Final = {
    "en": "",
    "de": "äöüß",
    "fr": "àâæçéèêëîïôœùûüÿ",
    "es": "áéíñóúü",
    "it": "àèéìíòóù",
    "pt": "áàâãçéêíóôõúü",
    "nl": "áéëèïóöü",
    "pl": "ąćęłńóśźż",
    "sv": "åäöé",
    "da": "æøåé",
    "nb": "æøåéòô",
    "fi": "äöå",
    "cs": "áčďéěíňóřšťúůýž",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "hu": "áéíóöőúüű",
    "ro": "ăâîșşțţ",
    "tr": "âçğıîöşüi̇",
    "hr": "čćđšž",
    "ca": "àçèéíïòóúü",
    "id": "é",
    "vi": "àáâãèéêìíòóôõùúýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "bg": "абвгдежзийклмнопрстуфхцчшщъьюя",
    "sr": "абвгдђежзијклљмнњопрстћуфхцчџш",
}

# How words end, for sentences with few small words in them.
ENDINGS: Final = {
    "en": "ing tion tions ly ness ful less able ould ight ough ed ers 's n't",
    "de": "ung ungen keit heit lich liche lichen isch schen ten ern gen cht iert",
    "fr": "tion tions ement ment eux euse euses aient ait ais ique iques eur eurs ées ée és ez",
    "es": "ción ciones dad dades mente ando iendo ado ada ados adas aron ieron os as",
    "it": "zione zioni ità mente ando endo ato ata ati ate are ere ire tti tto tta gli",
    "pt": "ção ções dade dades mente ando endo indo ado ada ados adas ram inho inha ões os as",
    "nl": "heid lijk lijke ing ingen elijk ij ijk aar eren tie ties teit en aan oor",
    "pl": "ość ości ów ych ego emu ami ach anie enia enie ować ał ała ały ię cji cja ny ej",
    "sv": "ning ningen arna orna erna het heten igt liga ande ade are ska skt ens",
    "da": "erne hed heden ning ningen lige else elser ede ende eren ske isk",
    "nb": "ene het heten ning ningen lige else elser ende ere eren ske isk sjon",
    "fi": "ssa ssä sta stä lla llä lta ltä lle nen set sta kaan kään mme tta ttä een iin oon uus vat",
    "cs": "ých ého ému ích ím ová ové ový ost osti ání ení ovat ám ách ů ou ně ny ský",
    "sk": "ých ého ému ích ým ová ové ový osť osti anie enie ovať ám ách ou ne ny ský om",
    "hu": "ság ség nak nek ban ben ból ből hoz hez tól től ról ről kat ket ság ás és ott ett tak tek",
    "ro": "ului ilor ție ții iei ele ul ea esc ește ează are ere ire at ată ate ați",
    "tr": "lar ler ları leri iyor ıyor uyor üyor dir dır mek mak nin nın dan den da de um im ım",
    "hr": "anje enje ost osti ima ama ijeg nije ski ska sko nog nom ati iti ao la lo",
    "ca": "ció cions tat tats ment ant ats ades ades eix itat isme itza es",
    "id": "kan nya an lah kah",
    "vi": "",
    "ru": "ость ости ться тся ение ения ного ный ная ное ные ого его ать ить ла ли ую ые",
    "uk": "ість ості ться ння ного ний на не ні ого ати ити ла ли ою ії ів",
    "bg": "ост ата ето ите ията ния ът ят ане ене ха ше ски ска",
    "sr": "ост ости ање ење ати ити ао ла ло ски ска ско ног ном има ама",
}
